package io.sppostream.learn;

import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.learn.batch.SpreadSamples;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import org.apache.kafka.common.TopicPartition;

/**
 * The samples that a learner held when it stopped: those of groups that its last steps took, and that later steps train. The
 * offsets that a step consumed tell which groups it took.
 */
final class HeldSamples {
    private HeldSamples() {}

    /**
     * Reads them from the log.
     *
     * @param steps the last steps of the ledger, in order
     * @param lifetime steps in which a sample may be trained, from the one that takes its group on
     * @param isUnusable whether a sample could not be trained when a step took its group, given the version that the step
     *     trained from
     * @param spread receives the samples
     */
    static void restore(
            RunLog runLog,
            List<TrainingStep> steps,
            int lifetime,
            BiPredicate<EventRecord<?>, Integer> isUnusable,
            SpreadSamples<EventRecord<?>> spread) {
        if (lifetime == 1 || steps.isEmpty()) {
            return;
        }
        int last = steps.get(steps.size() - 1).getStep();
        Map<Integer, Long> begin = new HashMap<>();
        // The steps whose groups may have samples left, with the offsets that they consumed.
        Map<TrainingStep, Map<Integer, Long>> takers = new LinkedHashMap<>();
        for (TrainingStep step : steps) {
            if (step.getStep() <= last + 1 - lifetime) {
                begin = consumed(step);
            } else {
                takers.put(step, consumed(step));
            }
        }
        Map<Integer, List<EventRecord<?>>> samples = new HashMap<>();
        Topic<TrainingSample> topic = runLog.topics().advantages();
        try (EventReader log = runLog.reader(List.of(topic))) {
            begin.forEach((partition, offset) -> log.seek(topic, partition, offset));
            Map<TopicPartition, Long> ends = new HashMap<>();
            consumed(steps.get(steps.size() - 1))
                    .forEach((partition, offset) -> ends.put(new TopicPartition(topic.name(), partition), offset));
            for (EventRecord<?> record : log.pollTo(ends)) {
                takers.entrySet().stream()
                        .filter(taker -> record.offset() < taker.getValue().getOrDefault(record.partition(), 0L))
                        .findFirst()
                        .map(Map.Entry::getKey)
                        .filter(step -> !isUnusable.test(record, step.getFromVersion()))
                        .ifPresent(step -> samples.computeIfAbsent(step.getStep(), any -> new ArrayList<>())
                                .add(record));
            }
        }
        takers.keySet().forEach(step -> spread.add(step.getStep(), samples.getOrDefault(step.getStep(), List.of())));
        spread.take(last);
    }

    private static Map<Integer, Long> consumed(TrainingStep step) {
        Map<Integer, Long> consumed = new HashMap<>();
        for (ConsumedOffset offset : step.getConsumed()) {
            consumed.put(offset.getPartition(), offset.getOffset());
        }
        return consumed;
    }
}
