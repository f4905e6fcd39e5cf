package io.sppostream.sppo.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.AdvantageEstimator;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.Topics;
import io.sppostream.sppo.recorded.RecordedSamples;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * Recorded rollouts through another verifier, critic or learner, into a new namespace; nothing is sampled, and the
 * source is only read.
 *
 * <p>The samples are taken in the order in which the recorded policy trained on them, step by step, and written in that
 * order to the one partition that the new namespace's topics have. There the policy learner, the role that any run has,
 * trains on them as on those of a live run: it cuts the same batches out of the same order, shuffles them by the same
 * seed, and so makes the same weights where its settings are the same, and well-defined ones where they are not. Verdicts
 * and advantages are computed by one reader in that order rather than by their roles: a verdict and an advantage are
 * functions of their inputs, so that roles could add nothing but an order of arrival that differs from replay to replay.
 *
 * <p>What the source has not trained on (not judged, stale, or still pending at its end) is not replayed. Where
 * verifiers judge again, rollouts that they do not reward expire, and those that they reward otherwise are listed.
 */
final class Replay {
    /** The role's name in the new namespace. */
    static final String ROLE = "replay";

    /** The order of arrival, which the ledger has shuffled. */
    static final Comparator<TrainedSample> ARRIVAL =
            Comparator.comparing(TrainedSample::getOffset).thenComparing(TrainedSample::getPartition);

    private final Iterator<TrainingStep> ledger;
    private final RecordedSamples recorded;
    private final Judge judge;
    private final Function<TrainingSample, Value> values;
    private final Topics into;
    private final Comparison comparison = new Comparison();
    private final Clock clock;
    private long written;

    /**
     * @param ledger the recorded policy's
     * @param values gives the value of a sample
     */
    Replay(
            Iterator<TrainingStep> ledger,
            RecordedSamples recorded,
            Judge judge,
            Function<TrainingSample, Value> values,
            Topics into,
            Clock clock) {
        this.ledger = ledger;
        this.recorded = recorded;
        this.judge = judge;
        this.values = values;
        this.into = into;
        this.clock = clock;
    }

    /** Writes the new namespace's verdicts and advantages, a recorded step a transaction. */
    void run(ExactlyOnceLog out) {
        while (ledger.hasNext()) {
            step(out, ledger.next());
            out.commit(List.of());
        }
    }

    private void step(ExactlyOnceLog out, TrainingStep step) {
        List<TrainingSample> samples = step.getSamples().stream()
                .filter(recorded::contains)
                .sorted(ARRIVAL)
                .map(recorded::take)
                .toList();
        List<Judge.Ruling> rulings = judge.rulings(samples);
        for (int i = 0; i < samples.size(); i++) {
            replay(out, samples.get(i), rulings.get(i));
        }
    }

    private void replay(ExactlyOnceLog out, TrainingSample sample, Judge.Ruling ruling) {
        Rollout rollout = sample.getRollout();
        String key = rollout.getRequestId();
        if (judge.judgesAgain()) {
            ruling.verdicts().forEach(verdict -> out.send(into.verdicts(), key, verdict));
            comparison.verdict(sample, ruling);
        }
        if (ruling.reward() == null) {
            Expired expired = new Expired(
                    key, rollout.getRolloutId(), ExpiryReason.NOT_JUDGED, ruling.why(), ROLE, clock.instant());
            out.send(into.expired(), key, expired);
            return;
        }
        Value recordedValue = requireNonNull(sample.getValue(), "a sample of an estimator with a critic has a value");
        Value value = values.apply(sample);
        comparison.value(recordedValue, value);
        List<AdvantageSegment> advantages = AdvantageEstimator.named(sample.getEstimator())
                .estimate(
                        ruling.reward(),
                        value.getProbability(),
                        rollout.getResponseTokens().size());
        comparison.advantages(sample.getSegments(), advantages);
        out.send(into.advantages(), key, sample(sample, ruling, value, advantages, clock.instant()));
        written++;
    }

    /** A recorded sample as a replay has it. */
    static TrainingSample sample(
            TrainingSample recorded, Judge.Ruling ruling, Value value, List<AdvantageSegment> advantages, Instant now) {
        return new TrainingSample(
                recorded.getRollout(),
                ruling.verdicts().get(0),
                value,
                requireNonNull(ruling.reward()),
                recorded.getEstimator(),
                advantages,
                now,
                ruling.combination(),
                ruling.verdicts().subList(1, ruling.verdicts().size()));
    }

    Comparison comparison() {
        return comparison;
    }

    /** Training samples written. */
    long written() {
        return written;
    }
}
