package io.sppostream.history.replay;

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
 * The topics of a run as far as they are replayed: up to where they ended at one moment, and of the samples a range.
 *
 * @param starts the first offset of the range, by partition of the samples
 * @param ends of the range
 * @param all where all topics ended
 */
record Recording(
        LogScan log,
        Topics source,
        Range range,
        Map<TopicPartition, Long> starts,
        Map<TopicPartition, Long> ends,
        Map<TopicPartition, Long> all) {

    /**
     * Finds what is replayed of a run.
     *
     * @throws UserException where there is nothing
     */
    static Recording of(RecordedRun run, Range range, boolean judgeAgain) {
        Topics source = run.topics();
        try (TopicAdmin admin = new TopicAdmin(run.kafka())) {
            Recording recording = new Recording(
                    new LogScan(run.kafka(), run.serdes()),
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
                                    source.advantages(),
                                    source.expired())));
            if (!judgeAgain && !recording.isTrained()) {
                throw new UserException("run '" + source.namespace()
                        + "' has not trained yet, and there is nothing to replay but with --judge-again or --verifier");
            }
            if (!range.equals(Range.ALL) && recording.isEmpty()) {
                throw new UserException("no sample of run '" + source.namespace() + "' lies in the range: "
                        + range.there(admin, source.advantages()));
            }
            return recording;
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

    /** The rollouts that a line has trained on. */
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

    Untrained untrained() {
        return Untrained.of(log, source, all, trained(ModelKind.POLICY));
    }

    /** Whether the range has no end, so that what lies after the last sample is replayed too. */
    boolean isOpen() {
        return range.toOffset() == null && range.toTime() == null;
    }

    /** What of some requests expired. */
    List<Expired> expired(Predicate<String> requests) {
        List<Expired> expired = new ArrayList<>();
        log.read(source.expired(), all, requests, received -> expired.add(received.event()));
        return expired;
    }
}
