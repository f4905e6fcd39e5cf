package io.sppostream.history.replay;

import io.sppostream.advantage.RewardRules;
import io.sppostream.events.Expired;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.log.LogScan;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * The topics of a recorded run, up to their ends at the start of the replay, and the range of samples to replay.
 *
 * @param log reads the topics
 * @param source the topics
 * @param range the range of samples
 * @param starts first offset of the range, by partition of the samples
 * @param ends end offset of the range, by partition of the samples
 * @param all end offsets of all topics
 */
record ReplaySource(
        LogScan log,
        Topics source,
        ReplayRange range,
        Map<TopicPartition, Long> starts,
        Map<TopicPartition, Long> ends,
        Map<TopicPartition, Long> all) {

    /**
     * Finds the ends of a run's topics.
     *
     * @throws UserException if there is nothing to replay
     */
    static ReplaySource of(RecordedRun run, ReplayRange range, boolean judgeAgain) {
        Topics source = run.log().topics();
        try (TopicAdmin admin = new TopicAdmin(run.log().kafka())) {
            ReplaySource found = new ReplaySource(
                    run.log().scan(),
                    source,
                    range,
                    range.starts(admin, source.advantages()),
                    range.ends(admin, source.advantages()),
                    admin.ends(
                            IsolationLevel.READ_COMMITTED,
                            List.of(
                                    source.trainingSteps(),
                                    source.prompts(),
                                    source.rollouts(),
                                    source.values(),
                                    source.verdicts(),
                                    source.advantages(),
                                    source.expired())));
            if (!judgeAgain && !found.isTrained()) {
                throw new UserException("run '" + source.namespace()
                        + "' has not trained yet: give --judge-again or --verifier to replay its rollouts");
            }
            if (!range.equals(ReplayRange.ALL) && found.isEmpty()) {
                throw new UserException("no sample of run '" + source.namespace() + "' lies in the range: "
                        + range.available(admin, source.advantages()));
            }
            return found;
        }
    }

    private boolean isTrained() {
        try (RecordedSteps steps = steps(ModelKind.POLICY)) {
            return steps.hasNext();
        }
    }

    private boolean isEmpty() {
        return ends.entrySet().stream().allMatch(end -> starts.getOrDefault(end.getKey(), 0L) >= end.getValue());
    }

    RecordedSteps steps(ModelKind kind) {
        return new RecordedSteps(log.from(source.trainingSteps(), Map.of(), all), kind);
    }

    RecordedSamples samples() {
        return new RecordedSamples(
                log.from(source.advantages(), starts, ends), source.advantages().name(), starts, ends);
    }

    RecordedPrompts prompts() {
        return new RecordedPrompts(log.from(source.prompts(), Map.of(), all));
    }

    ValuesByVersion values() {
        return new ValuesByVersion(log, source.values(), all);
    }

    /** Ids of the rollouts that the policy or the critic has trained on. */
    Set<String> trained(ModelKind kind) {
        Set<String> trained = new HashSet<>();
        try (RecordedSteps steps = steps(kind)) {
            while (steps.hasNext()) {
                steps.next().getSamples().stream()
                        .map(TrainedSample::getRolloutId)
                        .forEach(trained::add);
            }
        }
        return trained;
    }

    /** @param groups whether the others of a group that the policy has trained on are left out */
    UntrainedRollouts untrained(boolean groups, RewardRules rules) {
        return UntrainedRollouts.of(this, trained(ModelKind.POLICY), groups, rules);
    }

    /** The other rollouts of the groups that the policy has trained on. */
    GroupRemainders remainders(boolean judgeAgain, RewardRules rules) {
        return GroupRemainders.of(this, trained(ModelKind.POLICY), judgeAgain, rules);
    }

    /** Whether the range has no end; then rollouts after the last sample are replayed too. */
    boolean isOpen() {
        return range.toOffset() == null && range.toTime() == null;
    }

    /** The expiries of some requests. */
    List<Expired> expired(Predicate<String> requests) {
        List<Expired> expired = new ArrayList<>();
        log.read(source.expired(), all, requests, record -> expired.add(record.event()));
        return expired;
    }
}
