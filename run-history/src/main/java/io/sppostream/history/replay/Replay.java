package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.GroupCredits;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.builtin.SppoEstimator;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.history.recorded.RecordedSamples;
import java.time.Clock;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replays recorded rollouts with another verifier, critic or learner into a new namespace. Nothing is sampled, and the
 * source is only read.
 *
 * <p>Samples are taken in the order in which the recorded policy trained on them, step by step, and written in that order
 * to the single partition of the new namespace. The policy learner, the role that any run has, trains on them there as on
 * those of a live run. It cuts the same batches from the same order and shuffles them by the same seed. So it makes the
 * same weights if its settings are the same, and well-defined weights if not. Verdicts and advantages are functions of
 * their inputs. One reader computes them in that order; the roles would only add an order of arrival that differs between
 * replays.
 *
 * <p>If verifiers judge again, rollouts without a reward expire, those with another reward are listed, and those that the
 * source has not trained on return: not judged, failed verifier, stale, pending at its end. They are replayed when their
 * policy version was current: after the samples of the step that was trained from it, in the order of versions and
 * offsets. Those of versions from which no step was trained follow at the end. A rollout whose prompt has no recorded
 * value expires. In a range of samples, only steps with samples in the range bring rollouts back, and the end does if the
 * range is open. If the recorded verdicts are used, rollouts that the source has not trained on are not replayed.
 *
 * <p>An estimator of groups credits the samples of a step request by request, together with the rollouts of the request
 * that were evidence.
 *
 * <p>The new namespace also holds the prompts, rollouts, verdicts and values that its samples follow from.
 */
final class Replay {
    /** Credits each rollout by itself, so that no group is needed. */
    private static final AdvantageEstimator SINGLE = new SppoEstimator(1);

    /** The order in which samples arrived, before the learner shuffled them. */
    static final Comparator<TrainedSample> ARRIVAL =
            Comparator.comparing(TrainedSample::getOffset).thenComparing(TrainedSample::getPartition);

    /**
     * The recorded events that are replayed. The caller closes them.
     *
     * @param ledger steps of the recorded policy
     * @param remainders the other rollouts of the groups of samples; null if each rollout is credited by itself
     * @param isOpen whether rollouts of versions from which no step was trained are replayed
     */
    record Inputs(
            Iterator<TrainingStep> ledger,
            RecordedSamples samples,
            UntrainedRollouts untrained,
            @Nullable GroupRemainders remainders,
            boolean isOpen) {}

    private final Inputs inputs;
    private final ReplayJudge judge;
    private final @Nullable Rescoring critic;
    private final ReplayWriter writer;
    private final ReplayCredits credits;
    private final ReplayComparison comparison = new ReplayComparison();
    private final Clock clock;

    private long written;
    private long groups;

    /**
     * @param critic scores again; null if the recorded values are used
     * @param credits of groups; not asked if each rollout is credited by itself
     */
    Replay(
            Inputs inputs,
            ReplayJudge judge,
            @Nullable Rescoring critic,
            ReplayWriter writer,
            ReplayCredits credits,
            Clock clock) {
        this.inputs = inputs;
        this.judge = judge;
        this.critic = critic;
        this.writer = writer;
        this.credits = credits;
        this.clock = clock;
    }

    /** Writes the records of the new namespace up to the advantages, one transaction per recorded step. */
    void run() {
        while (inputs.ledger().hasNext()) {
            step(inputs.ledger().next());
        }
        if (inputs.isOpen()) {
            replayUntrained(Integer.MAX_VALUE);
        }
    }

    private void step(TrainingStep step) {
        List<ReplayedRollout> rollouts = step.getSamples().stream()
                .filter(inputs.samples()::contains)
                .sorted(ARRIVAL)
                .map(inputs.samples()::take)
                .map(ReplayedRollout::of)
                .toList();
        if (rollouts.isEmpty()) {
            inputs.untrained().skipUpTo(step.getFromVersion());
        } else {
            replay(rollouts);
            replayUntrained(step.getFromVersion());
        }
    }

    private void replayUntrained(int version) {
        List<ReplayedRollout> some = inputs.untrained().takeUpTo(version);
        while (!some.isEmpty()) {
            replay(some);
            some = inputs.untrained().takeUpTo(version);
        }
    }

    private void replay(List<ReplayedRollout> rollouts) {
        if (inputs.remainders() != null) {
            replayGroups(rollouts, inputs.remainders());
        } else {
            List<ReplayJudge.Ruling> rulings = judge.rulings(rollouts);
            for (int i = 0; i < rollouts.size(); i++) {
                replay(rollouts.get(i), rulings.get(i));
            }
        }
        commit();
    }

    /** Replays requests one after another, in the order of their first rollouts. */
    private void replayGroups(List<ReplayedRollout> rollouts, GroupRemainders remainders) {
        Map<String, List<ReplayedRollout>> requests = new LinkedHashMap<>();
        for (ReplayedRollout rollout : rollouts) {
            requests.computeIfAbsent(rollout.requestId(), remainders::take).add(rollout);
        }
        List<ReplayedRollout> all =
                requests.values().stream().flatMap(List::stream).toList();
        List<ReplayJudge.Ruling> rulings = judge.rulings(all);
        int from = 0;
        for (List<ReplayedRollout> group : requests.values()) {
            replayGroup(group, rulings.subList(from, from + group.size()));
            from += group.size();
        }
    }

    private void replayGroup(List<ReplayedRollout> group, List<ReplayJudge.Ruling> rulings) {
        Value value = credits.value(group, inputs.untrained());
        for (int i = 0; i < group.size(); i++) {
            writer.writeInputs(group.get(i).rollout(), rulings.get(i).verdicts(), credits.value(group.get(i), value));
            if (judge.judgesAgain()) {
                compare(group.get(i), rulings.get(i));
            }
        }
        ReplayCredits.Outcome outcome = credits.of(group, rulings, value);
        outcome.expired().forEach(writer::write);
        for (ReplayCredits.Trained trained : outcome.trained()) {
            if (trained.before() != null) {
                comparison.advantages(
                        trained.before().getSegments(), trained.sample().getSegments());
            }
            write(trained.sample());
            written++;
        }
        groups += credits.units(outcome.trained().size());
    }

    private void replay(ReplayedRollout rollout, ReplayJudge.Ruling ruling) {
        Value recorded = recordedValue(rollout);
        Value value = recorded == null || critic == null ? recorded : critic.value(rollout.requestId());
        writer.writeInputs(rollout.rollout(), ruling.verdicts(), value);
        if (judge.judgesAgain()) {
            compare(rollout, ruling);
        }
        if (recorded != null && value != null) {
            comparison.value(recorded, value);
        }
        if (ruling.reward() == null) {
            writer.expire(rollout, requireNonNull(ruling.reason()), ruling.detail());
        } else if (value == null) {
            writer.expire(rollout, ExpiryReason.NO_VALUE_IN_TIME, "its prompt has no recorded value");
        } else {
            credit(rollout, ruling, value);
        }
    }

    private void compare(ReplayedRollout rollout, ReplayJudge.Ruling ruling) {
        if (rollout.sample() == null) {
            ReplayJudge.Ruling recorded = rollout.ruling();
            UntrainedRollouts.RecordedOutcome before = recorded == null
                    ? inputs.untrained().outcome(rollout.rollout())
                    : UntrainedRollouts.RecordedOutcome.evidence(recorded);
            comparison.verdict(rollout.rollout(), before, ruling);
        } else {
            comparison.verdict(rollout.sample(), ruling);
        }
    }

    private @Nullable Value recordedValue(ReplayedRollout rollout) {
        return rollout.sample() == null
                ? inputs.untrained().value(rollout.requestId())
                : rollout.sample().getValue();
    }

    private void credit(ReplayedRollout rollout, ReplayJudge.Ruling ruling, Value value) {
        TrainingSample credited = sample(rollout, ruling, value, clock);
        TrainingSample before = rollout.sample();
        if (before != null) {
            comparison.advantages(before.getSegments(), credited.getSegments());
        } else if (critic != null) {
            critic.addUntrained(credited);
        }
        write(credited);
        written++;
    }

    private void write(TrainingSample sample) {
        var position = writer.write(sample);
        if (critic != null) {
            critic.placed(sample.getRollout().getRolloutId(), position);
        }
    }

    /**
     * Writes the samples that only the critic has trained on, which its ledger names. Call this after the policy learner
     * has ended, so that it does not train on them.
     *
     * @param expired those that expired in the source
     */
    void writeCriticsOwn(List<TrainingSample> samples, List<Expired> expired) {
        for (TrainingSample sample : samples) {
            writer.writeInputs(sample.getRollout(), ReplayJudge.verdicts(sample), sample.getValue());
            write(sample);
        }
        expired.forEach(writer::write);
        commit();
    }

    /** Commits the records that were sent, and lets the critic send the steps that waited for them. */
    void commit() {
        writer.commit();
        if (critic != null) {
            critic.committed();
        }
    }

    /** The training sample of a rollout with a reward and a value. */
    static TrainingSample sample(ReplayedRollout rollout, ReplayJudge.Ruling ruling, Value value, Clock clock) {
        double reward = requireNonNull(ruling.reward());
        Group group = GroupCredits.group(
                SINGLE.needs(),
                rollout.requestId(),
                value.getProbability(),
                List.of(new Judged(rollout.rollout(), reward)));
        return new TrainingSample(
                rollout.rollout(),
                ruling.verdicts().get(0),
                value,
                reward,
                SINGLE.name(),
                requireNonNull(GroupCredits.credit(SINGLE, group).get(rollout.rolloutId()))
                        .segments(),
                clock.instant(),
                ruling.combination(),
                ruling.verdicts().subList(1, ruling.verdicts().size()),
                1,
                List.of());
    }

    ReplayComparison comparison() {
        return comparison;
    }

    /** Number of units that the steps of the policy consist of: groups with a sample, or samples by themselves. */
    long units() {
        return inputs.remainders() == null ? written : groups;
    }

    /** Number of training samples written for the policy. */
    long written() {
        return written;
    }
}
