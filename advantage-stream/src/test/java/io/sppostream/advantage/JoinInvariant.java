package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.estimator.Group;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
                    "a group is credited if and only if everything it needs arrives in time",
                    JoinInvariant::checkCredited),
            new JoinInvariant("a sample carries what was sent for its rollout", JoinInvariant::checkSamples),
            new JoinInvariant(
                    "the credits of a group are those of its rollouts that are trained or evidence",
                    JoinInvariant::checkCredits),
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
                    assertThat(settlements)
                            .as("settlements of %s", id)
                            .isEqualTo(request.isKnown(world.readsValues()) ? 1 : 0);
                } else if (world.isPatient()) {
                    // The refusal has settled it: the join has nothing to say, unless no refusal arrives.
                    assertThat(settlements)
                            .as("settlements of %s, which is refused", id)
                            .isEqualTo(request.isKnown(world.readsValues()) && !request.isAnyRefusalThere() ? 1 : 0);
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

    private static void checkCredited(JoinWorld world) {
        if (!world.isPatient()) {
            return;
        }
        for (SentRequest request : world.requests()) {
            if (request.expiredElsewhere < 0 || !request.isAnyRefusalThere()) {
                List<Integer> rewarded = samples(request, request::isRewarded);
                assertThat(samples(request, sample -> sample(world, request, sample) != null))
                        .as("trained samples of %s", request.id)
                        .isEqualTo(samples(
                                request,
                                sample -> credits(world, request, rewarded).containsKey(request.rolloutId(sample))));
            }
        }
    }

    private static List<Integer> samples(SentRequest request, IntPredicate which) {
        return IntStream.range(0, request.samples).filter(which).boxed().toList();
    }

    /** The credits of a group of samples; none if it cannot be credited. */
    private static Map<String, Credited> credits(JoinWorld world, SentRequest request, List<Integer> samples) {
        JoinSettings settings = world.settings();
        boolean readsValues = world.readsValues();
        if (samples.isEmpty() || (readsValues && !request.hasArrived(request.value))) {
            return Map.of();
        }
        Group group = group(world, request, samples);
        boolean isWhole = samples.size() == request.samples;
        return GroupCredits.isCreditable(settings.estimator(), group, isWhole, settings.partial())
                ? GroupCredits.credit(settings.estimator(), group)
                : Map.of();
    }

    private static Group group(JoinWorld world, SentRequest request, List<Integer> samples) {
        return GroupCredits.group(
                world.settings().estimator().needs(),
                request.id,
                world.readsValues() ? (Double) request.value.getProbability() : null,
                samples.stream()
                        .map(sample -> new GroupCredits.Judged(
                                request.rollout(sample),
                                ((RewardOutcome.Rewarded) Objects.requireNonNull(request.outcome(sample))).reward(),
                                request.value(sample).getTokenValues()))
                        .toList());
    }

    private static void checkCredits(JoinWorld world) {
        Set<String> evidence = world.expired().stream()
                .filter(expired -> expired.getReason() == ExpiryReason.EVIDENCE)
                .map(JoinInvariant::id)
                .collect(Collectors.toSet());
        for (SentRequest request : world.requests()) {
            List<Integer> credited = samples(
                    request,
                    sample -> sample(world, request, sample) != null || evidence.contains(request.rolloutId(sample)));
            if (credited.isEmpty()) {
                continue;
            }
            Map<String, Credited> credits =
                    GroupCredits.credit(world.settings().estimator(), group(world, request, credited));
            for (int sample : credited) {
                TrainingSample trained = sample(world, request, sample);
                assertThat(credits.get(request.rolloutId(sample)))
                        .as("credit of %s", request.rolloutId(sample))
                        .isEqualTo(trained == null ? null : new Credited(trained.getSegments(), trained.getRejected()));
                if (trained != null) {
                    boolean single = world.settings().estimator().needs().samples() == 1;
                    assertThat(trained.getGroupSamples()).isEqualTo(single ? 1 : credits.size());
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
                    checkSample(world, request, sample, trained);
                }
            }
        }
    }

    private static void checkSample(JoinWorld world, SentRequest request, int sample, TrainingSample trained) {
        assertThat(trained.getRollout()).isEqualTo(request.rollout(sample));
        assertThat(trained.getValue())
                .isEqualTo(world.readsValues() || world.readsTokenValues() ? request.value(sample) : null);
        assertThat(request.verdicts(sample)).contains(trained.getVerdict()).containsAll(trained.getFurtherVerdicts());
        assertThat(request.outcome(sample))
                .as("outcome of %s", request.rolloutId(sample))
                .isInstanceOfSatisfying(
                        RewardOutcome.Rewarded.class,
                        rewarded -> assertThat(trained.getReward()).isEqualTo(rewarded.reward()));
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
        boolean isRewarded = request.isRewarded(sample);
        if (reason == ExpiryReason.EVIDENCE || (reason == ExpiryReason.NOT_JUDGED && isRewarded)) {
            assertThat(isRewarded).as("a reward of %s", expired.getRolloutId()).isTrue();
        } else if (EnumSet.of(ExpiryReason.NOT_JUDGED, ExpiryReason.INFRA_ERROR).contains(reason)) {
            assertThat(outcome)
                    .as("outcome of %s", expired.getRolloutId())
                    .isInstanceOfSatisfying(
                            RewardOutcome.NotJudged.class,
                            not -> assertThat(reason).isEqualTo(not.reason()));
        } else if (world.isPatient() && !isRewarded) {
            assertThat(reason)
                    .as("reason of %s", expired.getRolloutId())
                    .isEqualTo(
                            !request.hasArrived(request.rollout(sample))
                                    ? ExpiryReason.NO_ROLLOUT_IN_TIME
                                    : outcome instanceof RewardOutcome.Rewarded
                                            ? ExpiryReason.NO_VALUE_IN_TIME
                                            : ExpiryReason.NO_VERDICT_IN_TIME);
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
            if (expired.getReason() == ExpiryReason.NOT_JUDGED
                    && expired.getDetail().startsWith("verdict UNPARSEABLE_REFERENCE")) {
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
