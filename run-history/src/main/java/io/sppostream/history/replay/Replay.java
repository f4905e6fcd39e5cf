package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.AdvantageEstimator;
import io.sppostream.advantage.SppoEstimator;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
 * <p>Where verifiers judge again, rollouts that they do not reward expire, those that they reward otherwise are listed,
 * and those come back that the source has not trained on: not judged, failed verifiers, stale, pending at its end. They
 * are replayed when their policy version was current: after the samples of the step that was trained from it, in the
 * order of their versions and offsets; those of versions that no step was trained from at the end. One whose prompt has no
 * recorded value expires. Of a range of the samples, only the steps that have any in it bring others back, and the end
 * does where it is open. Without judging again, what the source has not trained on is not replayed.
 *
 * <p>The new namespace holds all that its samples follow from: their prompts, rollouts, verdicts and values, too.
 */
final class Replay {
    /** The order of arrival, which the ledger has shuffled. */
    static final Comparator<TrainedSample> ARRIVAL =
            Comparator.comparing(TrainedSample::getOffset).thenComparing(TrainedSample::getPartition);

    /**
     * What is replayed. To be closed by the caller.
     *
     * @param ledger the recorded policy's
     * @param isOpen whether rollouts of versions that no step was trained from are replayed
     */
    record Source(
            Iterator<TrainingStep> ledger,
            RecordedSamples samples,
            Untrained untrained,
            RecordedPrompts prompts,
            boolean isOpen) {}

    private final Source source;
    private final ReplayJudge judge;
    private final @Nullable Rescoring critic;
    private final ExactlyOnceLog out;
    private final Topics into;
    private final ReplayComparison comparison = new ReplayComparison();
    private final Clock clock;

    /** Requests of several rollouts of which one has been replayed. */
    private final Set<String> begun = new HashSet<>();

    private long written;

    /** @param critic scores again; null where recorded values hold */
    Replay(Source source, ReplayJudge judge, @Nullable Rescoring critic, ExactlyOnceLog out, Topics into, Clock clock) {
        this.source = source;
        this.judge = judge;
        this.critic = critic;
        this.out = out;
        this.into = into;
        this.clock = clock;
    }

    /** Writes the new namespace's records up to the advantages, a recorded step a transaction. */
    void run() {
        while (source.ledger().hasNext()) {
            step(source.ledger().next());
        }
        if (source.isOpen()) {
            comeBack(Integer.MAX_VALUE);
        }
    }

    private void step(TrainingStep step) {
        List<Subject> subjects = step.getSamples().stream()
                .filter(source.samples()::contains)
                .sorted(ARRIVAL)
                .map(source.samples()::take)
                .map(Subject::of)
                .toList();
        if (subjects.isEmpty()) {
            source.untrained().skipUpTo(step.getFromVersion());
        } else {
            replay(subjects);
            comeBack(step.getFromVersion());
        }
    }

    private void comeBack(int version) {
        List<Subject> some = source.untrained().takeUpTo(version);
        while (!some.isEmpty()) {
            replay(some);
            some = source.untrained().takeUpTo(version);
        }
    }

    private void replay(List<Subject> subjects) {
        List<ReplayJudge.Ruling> rulings = judge.rulings(subjects);
        for (int i = 0; i < subjects.size(); i++) {
            replay(subjects.get(i), rulings.get(i));
        }
        commit();
    }

    private void replay(Subject subject, ReplayJudge.Ruling ruling) {
        Value recorded = recordedValue(subject);
        Value value = recorded == null || critic == null ? recorded : critic.value(subject.requestId());
        writeJoined(subject.rollout(), ruling.verdicts(), value);
        if (judge.judgesAgain()) {
            compare(subject, ruling);
        }
        if (recorded != null && value != null) {
            comparison.value(recorded, value);
        }
        if (ruling.reward() == null) {
            expire(subject, requireNonNull(ruling.reason()), ruling.detail());
        } else if (value == null) {
            expire(subject, ExpiryReason.NO_VALUE_IN_TIME, "its prompt has no recorded value");
        } else {
            credit(subject, ruling, value);
        }
    }

    /** Writes what is joined to a sample; prompt and value of a request with its first rollout. */
    private void writeJoined(Rollout rollout, List<Verdict> verdicts, @Nullable Value value) {
        String requestId = rollout.getRequestId();
        boolean first = rollout.getSamples() == 1 || begun.add(requestId);
        if (first) {
            out.send(into.prompts(), requestId, source.prompts().take(requestId));
        }
        out.send(into.rollouts(), requestId, rollout);
        verdicts.forEach(verdict -> out.send(into.verdicts(), requestId, verdict));
        if (first && value != null) {
            out.send(into.values(), requestId, value);
        }
    }

    private void compare(Subject subject, ReplayJudge.Ruling ruling) {
        if (subject.sample() == null) {
            comparison.verdict(subject.rollout(), source.untrained().was(subject.rolloutId()), ruling);
        } else {
            comparison.verdict(subject.sample(), ruling);
        }
    }

    private @Nullable Value recordedValue(Subject subject) {
        return subject.sample() == null
                ? source.untrained().value(subject.requestId())
                : subject.sample().getValue();
    }

    private void credit(Subject subject, ReplayJudge.Ruling ruling, Value value) {
        TrainingSample credited = sample(subject, ruling, value, clock);
        TrainingSample before = subject.sample();
        if (before != null) {
            comparison.advantages(before.getSegments(), credited.getSegments());
        } else if (critic != null) {
            critic.comesBack(credited);
        }
        write(credited);
        written++;
    }

    private void write(TrainingSample sample) {
        Rollout rollout = sample.getRollout();
        var place = out.send(into.advantages(), rollout.getRequestId(), sample);
        if (critic != null) {
            critic.placed(rollout.getRolloutId(), place);
        }
    }

    private void expire(Subject subject, ExpiryReason reason, String detail) {
        Expired expired =
                new Expired(subject.requestId(), subject.rolloutId(), reason, detail, RoleName.REPLAY, clock.instant());
        out.send(into.expired(), subject.requestId(), expired);
    }

    /**
     * Writes what the critic has trained on and the policy has not: for the ledger has it, and once the policy's learner
     * has ended, so that it does not train on it.
     *
     * @param expired what of it expired in the source
     */
    void writeCriticsOwn(List<TrainingSample> samples, List<Expired> expired) {
        for (TrainingSample sample : samples) {
            writeJoined(sample.getRollout(), ReplayJudge.verdicts(sample), sample.getValue());
            write(sample);
        }
        expired.forEach(each -> out.send(into.expired(), each.getRequestId(), each));
        commit();
    }

    /** Commits what was sent, and the records that wait for it. */
    void commit() {
        out.commit(List.of());
        if (critic != null) {
            critic.committed();
        }
    }

    /** A rollout as a replay credits it. */
    static TrainingSample sample(Subject subject, ReplayJudge.Ruling ruling, Value value, Clock clock) {
        AdvantageEstimator estimator = subject.sample() == null
                ? new SppoEstimator()
                : AdvantageEstimator.named(subject.sample().getEstimator());
        double reward = requireNonNull(ruling.reward());
        return new TrainingSample(
                subject.rollout(),
                ruling.verdicts().get(0),
                value,
                reward,
                estimator.name(),
                estimator.estimate(
                        reward,
                        value.getProbability(),
                        subject.rollout().getResponseTokens().size()),
                clock.instant(),
                ruling.combination(),
                ruling.verdicts().subList(1, ruling.verdicts().size()));
    }

    ReplayComparison comparison() {
        return comparison;
    }

    /** Training samples written for the policy. */
    long written() {
        return written;
    }
}
