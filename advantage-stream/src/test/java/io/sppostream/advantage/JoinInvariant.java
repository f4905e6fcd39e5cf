package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What holds of a join's committed output, whatever happened.
 *
 * @param statement in words
 * @param check throws an AssertionError if it does not hold
 */
record JoinInvariant(String statement, Consumer<JoinWorld> check) {
    private static final List<JoinInvariant> ALL = List.of(
            new JoinInvariant("each rollout settles exactly once", JoinInvariant::checkSettledOnce),
            new JoinInvariant("nothing settles that was not sent", JoinInvariant::checkSent),
            new JoinInvariant(
                    "a rollout is trained if and only if everything it needs arrives in time",
                    JoinInvariant::checkTrained),
            new JoinInvariant(
                    "a sample carries what was sent for its rollout, and its advantage", JoinInvariant::checkSamples),
            new JoinInvariant("an expiry names what is missing", JoinInvariant::checkReasons),
            new JoinInvariant(
                    "a rollout whose reference cannot be read goes to the DLQ once", JoinInvariant::checkDeadLetters),
            new JoinInvariant("the stores are empty in the end", JoinInvariant::checkStores));

    /** Verifies all invariants; the message of an AssertionError names the one that is broken. */
    static void verifyAll(JoinWorld world) {
        for (JoinInvariant invariant : ALL) {
            try {
                invariant.check.accept(world);
            } catch (AssertionError e) {
                throw new AssertionError("the invariant '" + invariant.statement + "' is broken: " + e.getMessage(), e);
            }
        }
    }

    private static void checkSettledOnce(JoinWorld world) {
        assertThat(settled(world)).as("settled rollouts and requests").doesNotHaveDuplicates();
        Set<String> settled = new HashSet<>(settled(world));
        for (SentRequest request : world.requests()) {
            for (int sample = 0; sample < request.samples; sample++) {
                String id = request.rolloutId(sample);
                int settlements = (settled.contains(id) ? 1 : 0) + (settled.contains(request.id) ? 1 : 0);
                if (request.expiredElsewhere >= 0 && request.isAnyRefusalThere()) {
                    // Its own settlement is elsewhere. The others are known by the rollouts.
                    boolean known = sample != request.expiredElsewhere && request.isAnyRolloutThere();
                    assertThat(settlements).as("settlements of %s", id).isBetween(known ? 1 : 0, 1);
                } else if (!request.refused) {
                    assertThat(settlements).as("settlements of %s", id).isEqualTo(request.isKnown() ? 1 : 0);
                } else if (world.isPatient()) {
                    // The refusal has settled it: the join has nothing to say, unless no refusal arrives.
                    assertThat(settlements)
                            .as("settlements of %s, which is refused", id)
                            .isEqualTo(request.isKnown() && !request.isAnyRefusalThere() ? 1 : 0);
                }
            }
        }
    }

    /** Ids of the rollouts that settled, and of the requests that expired as a whole. */
    private static List<String> settled(JoinWorld world) {
        return Stream.concat(
                        world.samples().stream()
                                .map(sample -> sample.getRollout().getRolloutId()),
                        world.expired().stream().map(JoinInvariant::id))
                .toList();
    }

    private static String id(Expired expired) {
        return expired.getRolloutId() == null ? expired.getRequestId() : expired.getRolloutId();
    }

    private static void checkSent(JoinWorld world) {
        Set<String> sent = new HashSet<>();
        for (SentRequest request : world.requests()) {
            sent.add(request.id);
            for (int sample = 0; sample < request.samples; sample++) {
                sent.add(request.rolloutId(sample));
            }
        }
        assertThat(settled(world)).as("settled rollouts and requests").isSubsetOf(sent);
    }

    private static void checkTrained(JoinWorld world) {
        for (SentRequest request : world.requests()) {
            for (int sample = 0; sample < request.samples; sample++) {
                boolean isTrained = sample(world, request, sample) != null;
                boolean expiredElsewhere = sample == request.expiredElsewhere && request.isAnyRefusalThere();
                if (isTrained || (world.isPatient() && !expiredElsewhere)) {
                    assertThat(isTrained)
                            .as("%s is trained", request.rolloutId(sample))
                            .isEqualTo(request.isTrainable(sample));
                }
            }
        }
    }

    private static @Nullable TrainingSample sample(JoinWorld world, SentRequest request, int sample) {
        return world.samples().stream()
                .filter(each -> each.getRollout().getRolloutId().equals(request.rolloutId(sample)))
                .findFirst()
                .orElse(null);
    }

    private static void checkSamples(JoinWorld world) {
        for (SentRequest request : world.requests()) {
            for (int sample = 0; sample < request.samples; sample++) {
                TrainingSample trained = sample(world, request, sample);
                if (trained != null) {
                    checkSample(request, sample, trained);
                }
            }
        }
    }

    private static void checkSample(SentRequest request, int sample, TrainingSample trained) {
        assertThat(trained.getRollout()).isEqualTo(request.rollout(sample));
        assertThat(trained.getValue()).isEqualTo(request.value);
        assertThat(request.verdicts(sample)).contains(trained.getVerdict()).containsAll(trained.getFurtherVerdicts());
        assertThat(request.outcome(sample))
                .as("outcome of %s", request.rolloutId(sample))
                .isInstanceOfSatisfying(
                        RewardOutcome.Rewarded.class,
                        rewarded -> assertThat(trained.getReward()).isEqualTo(rewarded.reward()));
        assertThat(trained.getSegments())
                .isEqualTo(new SppoEstimator()
                        .estimate(
                                trained.getReward(),
                                request.value.getProbability(),
                                trained.getRollout().getResponseTokens().size()));
    }

    private static void checkReasons(JoinWorld world) {
        for (Expired expired : world.expired()) {
            SentRequest request = world.requests().stream()
                    .filter(each -> each.id.equals(expired.getRequestId()))
                    .findFirst()
                    .orElseThrow();
            if (expired.getRolloutId() == null) {
                assertThat(expired.getReason())
                        .as("reason of %s", request.id)
                        .isEqualTo(ExpiryReason.NO_ROLLOUT_IN_TIME);
                if (world.isPatient()) {
                    assertThat(request.isAnyRolloutThere())
                            .as("a rollout of %s arrives", request.id)
                            .isFalse();
                }
            } else {
                int sample = Integer.parseInt(expired.getRolloutId().substring(request.id.length() + 1));
                checkReason(world, request, sample, expired);
            }
        }
    }

    private static void checkReason(JoinWorld world, SentRequest request, int sample, Expired expired) {
        RewardOutcome outcome = request.outcome(sample);
        ExpiryReason reason = expired.getReason();
        if (EnumSet.of(ExpiryReason.NOT_JUDGED, ExpiryReason.INFRA_ERROR).contains(reason)) {
            assertThat(outcome)
                    .as("outcome of %s", expired.getRolloutId())
                    .isInstanceOfSatisfying(
                            RewardOutcome.NotJudged.class,
                            not -> assertThat(reason).isEqualTo(not.reason()));
        } else if (world.isPatient()) {
            ExpiryReason missing = outcome == null ? ExpiryReason.NO_VERDICT_IN_TIME : ExpiryReason.NO_VALUE_IN_TIME;
            assertThat(reason)
                    .as("reason of %s", expired.getRolloutId())
                    .isEqualTo(request.hasArrived(request.rollout(sample)) ? missing : ExpiryReason.NO_ROLLOUT_IN_TIME);
        } else {
            assertThat(reason)
                    .as("reason of %s", expired.getRolloutId())
                    .isIn(
                            ExpiryReason.NO_ROLLOUT_IN_TIME,
                            ExpiryReason.NO_VERDICT_IN_TIME,
                            ExpiryReason.NO_VALUE_IN_TIME);
        }
    }

    private static void checkDeadLetters(JoinWorld world) {
        List<Rollout> unjudgeable = new ArrayList<>();
        for (Expired expired : world.expired()) {
            if (expired.getReason() == ExpiryReason.NOT_JUDGED) {
                world.requests().stream()
                        .filter(request -> request.id.equals(expired.getRequestId()))
                        .map(request -> request.rollout(Integer.parseInt(
                                Objects.requireNonNull(expired.getRolloutId()).substring(request.id.length() + 1))))
                        .forEach(unjudgeable::add);
            }
        }
        assertThat(world.deadLetters()).as("dead letters").containsExactlyElementsOf(unjudgeable);
    }

    private static void checkStores(JoinWorld world) {
        assertThat(world.stored()).as("entries of the stores").isZero();
    }
}
