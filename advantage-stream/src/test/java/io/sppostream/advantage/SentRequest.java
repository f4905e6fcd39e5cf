package io.sppostream.advantage;

import io.sppostream.events.Expired;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RolloutIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A request of a simulation: the events that it leads to, and those that reach the log. */
final class SentRequest {
    private static final List<VerdictStatus> FAILURES =
            List.of(VerdictStatus.INFRA_ERROR, VerdictStatus.TIMEOUT, VerdictStatus.UNPARSEABLE_REFERENCE);

    final String id;
    final int samples;
    final boolean refused;

    /** The sample that another role expires, whether or not it is there; -1 if there is none. */
    final int expiredElsewhere;

    final Value value;
    private final Combination combination;
    private final boolean ofTokens;
    private final List<Value> tokenValues = new ArrayList<>();
    private final List<Rollout> rollouts = new ArrayList<>();
    private final List<List<Verdict>> verdicts = new ArrayList<>();
    private final List<SpecificRecord> events = new ArrayList<>();
    private final Set<SpecificRecord> arrived = new HashSet<>();

    /**
     * A request with a random dataset, value and verdicts.
     *
     * @param ofTokens whether the critic scores tokens rather than the prompt
     * @param refused whether the producer answers none of its samples
     * @param failing whether some verdicts have no reward
     * @param expired whether another role expires one of its samples
     */
    SentRequest(
            String id,
            int samples,
            boolean ofTokens,
            boolean refused,
            boolean failing,
            boolean expired,
            Random random) {
        this.id = id;
        this.samples = samples;
        this.ofTokens = ofTokens;
        this.refused = refused;
        this.expiredElsewhere = expired && !refused ? random.nextInt(samples) : -1;
        this.value = Events.value(id, (1 + random.nextInt(9)) / 10.0, Instant.EPOCH);
        String dataset = random.nextBoolean() ? "essays" : "addition";
        this.combination = JoinDriver.SETTINGS.rewards().of(dataset);
        if (!ofTokens) {
            events.add(value);
        }
        for (int sample = 0; sample < samples; sample++) {
            tokenValues.add(Events.tokenValues(id, sample, random.nextFloat(), random.nextFloat(), random.nextFloat()));
            rollouts.add(Events.rollout(id, sample, samples, dataset));
            verdicts.add(verdicts(sample, failing, random));
            if (refused) {
                events.add(Events.refusal(id, sample));
            } else {
                events.add(rollouts.get(sample));
                events.addAll(verdicts.get(sample));
                if (ofTokens) {
                    events.add(tokenValues.get(sample));
                }
            }
        }
        if (expiredElsewhere >= 0) {
            events.add(1 + random.nextInt(events.size()), Events.expired(id, rolloutId(expiredElsewhere), "a-service"));
        }
    }

    private List<Verdict> verdicts(int sample, boolean failing, Random random) {
        List<Verdict> ofSample = new ArrayList<>();
        for (String verifier : combination.verifiers()) {
            boolean fails = failing && random.nextInt(8) == 0;
            ofSample.add(Events.verdict(
                    verifier,
                    id,
                    sample,
                    fails ? FAILURES.get(random.nextInt(FAILURES.size())) : VerdictStatus.INCORRECT,
                    fails ? null : Double.valueOf(random.nextInt(3) / 2.0)));
        }
        return ofSample;
    }

    /** All events, in an order in which they may happen. */
    List<SpecificRecord> events() {
        return events;
    }

    /** An event reaches the log, once or several times. */
    void arrive(SpecificRecord event) {
        arrived.add(event);
    }

    Rollout rollout(int sample) {
        return rollouts.get(sample);
    }

    /** The value that a sample has if the estimator reads one. */
    Value value(int sample) {
        return ofTokens ? tokenValues.get(sample) : value;
    }

    List<Verdict> verdicts(int sample) {
        return verdicts.get(sample);
    }

    String rolloutId(int sample) {
        return RolloutIds.of(id, sample);
    }

    boolean hasArrived(SpecificRecord event) {
        return arrived.contains(event);
    }

    boolean isAnyRolloutThere() {
        return rollouts.stream().anyMatch(arrived::contains);
    }

    boolean isAnyRefusalThere() {
        return arrived.stream().anyMatch(Expired.class::isInstance);
    }

    /**
     * Whether more than verdicts arrives, from which alone nothing follows.
     *
     * @param readsValues whether the estimator reads values; otherwise nothing follows from them either
     */
    boolean isKnown(boolean readsValues) {
        return arrived.stream()
                .anyMatch(event -> !(event instanceof Verdict) && (readsValues || !(event instanceof Value)));
    }

    /** The outcome of the verdicts that arrive; null if it stays open. */
    @Nullable
    RewardOutcome outcome(int sample) {
        return combination.outcome(
                verdicts.get(sample).stream().filter(arrived::contains).toList());
    }

    /** Whether a rollout arrives, and verdicts that come to a reward, and the values of its tokens if there are any. */
    boolean isRewarded(int sample) {
        return arrived.contains(rollouts.get(sample))
                && outcome(sample) instanceof RewardOutcome.Rewarded
                && (!ofTokens || arrived.contains(tokenValues.get(sample)));
    }
}
