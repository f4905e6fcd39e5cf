package io.sppostream.run.timeline;

import io.sppostream.events.ReplayOf;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Reads the timelines of steps. A step is found on the ledger by bisection, its samples by their offsets on the ledger,
 * so the cost hardly depends on the length of the log. Not thread-safe.
 */
public final class StepTimelineReader implements AutoCloseable {
    /** Fields without a time, some of them large. */
    private static final Set<String> UNUSED = Set.of(
            "Rollout.messages",
            "Rollout.promptTokens",
            "Rollout.responseTokens",
            "Rollout.behaviourLogProbs",
            "Rollout.text",
            "TrainingSample.segments",
            "TrainingStep.consumed");

    /** Offsets of the ledger that one fetch reads in any case: bisection ends here. */
    private static final int NEAR = 16;

    /** Offsets after a record among which the other model's step and the next one are expected: each step has two. */
    private static final int AHEAD = 32;

    private final RunLog runLog;
    private final @Nullable ReplayOf replayOf;
    private final Topic<TrainingStep> ledger;
    private final EventReader reader;

    /** @param replayOf the source if the run is a replay; null for a run */
    public StepTimelineReader(RunLog runLog, @Nullable ReplayOf replayOf) {
        this.runLog = runLog.without(UNUSED);
        this.replayOf = replayOf;
        this.ledger = runLog.topics().trainingSteps();
        this.reader = this.runLog.reader(List.of(ledger));
    }

    /**
     * Reads the timeline of a step of the policy.
     *
     * @throws UserException if there is no such step
     * @throws LogException if samples of the step are not where the ledger says
     */
    public StepTimeline read(int step) {
        long end = reader.end(ledger, 0);
        int last = lastStep(end);
        if (step < 1 || step > last) {
            throw new UserException("run '" + runLog.topics().namespace() + "' has no step " + step + " of the policy: "
                    + (last == 0 ? "it has not trained yet" : "it has steps 1 to " + last));
        }
        long after = Math.min(end, offset(step, end) + AHEAD);
        List<TrainingStep> near = before(after, steps -> policyStep(steps, Math.max(1, step - 1)) != null);
        TrainingStep trained = require(near, step);
        TrainingStep earlier = policyStep(near, step - 1);
        List<SampleTimes> samples = new ArrayList<>();
        List<SampleTimes> samplesBefore = new ArrayList<>();
        readSamples(trained, samples, earlier, samplesBefore);
        Instant firstPrompt = firstPrompt(samples);
        if (!reachesBack(near, firstPrompt)) {
            near = before(after, steps -> reachesBack(steps, firstPrompt));
        }
        return StepTimeline.of(step, StepTimes.of(near), samples, samplesBefore);
    }

    /**
     * The ledger's records of a step: that of the policy, and that of the critic if there is one.
     *
     * @param step a step of the policy that {@link #read} finds
     */
    public List<TrainingStep> records(int step) {
        long end = reader.end(ledger, 0);
        long after = Math.min(end, offset(step, end) + AHEAD);
        return before(after, steps -> policyStep(steps, Math.max(1, step - 1)) != null).stream()
                .filter(each -> each.getStep() == step)
                .toList();
    }

    private int lastStep(long end) {
        return lastOfPolicy(before(end, steps -> lastOfPolicy(steps) > 0));
    }

    /** The last steps before an offset, back to where they are enough. */
    private List<TrainingStep> before(long end, Predicate<List<TrainingStep>> enough) {
        return steps(reader.last(ledger, 0, end, records -> enough.test(steps(records))));
    }

    private static List<TrainingStep> steps(List<EventRecord<?>> records) {
        return records.stream().map(record -> (TrainingStep) record.event()).toList();
    }

    private static boolean isOfPolicy(TrainingStep step) {
        return step.getLine().equals(ModelKind.POLICY.id());
    }

    private static int lastOfPolicy(List<TrainingStep> steps) {
        return steps.stream()
                .filter(StepTimelineReader::isOfPolicy)
                .mapToInt(TrainingStep::getStep)
                .max()
                .orElse(0);
    }

    private static @Nullable TrainingStep policyStep(List<TrainingStep> steps, int step) {
        return steps.stream()
                .filter(each -> isOfPolicy(each) && each.getStep() == step)
                .findFirst()
                .orElse(null);
    }

    private TrainingStep require(List<TrainingStep> steps, int step) {
        TrainingStep found = policyStep(steps, step);
        if (found == null) {
            throw new LogException("step " + step + " of the policy is not on " + ledger.name()
                    + " where its order says: check the run with ./sppo audit");
        }
        return found;
    }

    /** An offset of the ledger shortly after a step's record, which exists. */
    private long offset(int step, long end) {
        long low = reader.begin(ledger, 0);
        long high = end;
        while (high - low > NEAR) {
            long middle = low + (high - low) / 2;
            EventRecord<?> record = firstOfPolicy(middle, high);
            if (record == null || ((TrainingStep) record.event()).getStep() > step) {
                high = middle;
            } else {
                low = record.offset();
            }
        }
        return high;
    }

    /** The policy's first record in a range of offsets; null if there is none. */
    private @Nullable EventRecord<?> firstOfPolicy(long from, long to) {
        TopicPartition partition = new TopicPartition(ledger.name(), 0);
        for (long start = from; start < to; start += AHEAD) {
            reader.seek(ledger, 0, start);
            for (EventRecord<?> record : reader.pollTo(Map.of(partition, Math.min(to, start + AHEAD)))) {
                if (record.offset() < to && isOfPolicy((TrainingStep) record.event())) {
                    return record;
                }
            }
        }
        return null;
    }

    /** Whether some steps include one of each model that was done before an instant, or the first of the ledger. */
    private static boolean reachesBack(List<TrainingStep> steps, Instant instant) {
        for (ModelKind kind : ModelKind.values()) {
            boolean reaches = steps.stream()
                    .filter(step -> step.getLine().equals(kind.id()))
                    .anyMatch(step -> step.getStep() == 1 || step.getEndedAt().isBefore(instant));
            if (!reaches) {
                return false;
            }
        }
        return true;
    }

    private static Instant firstPrompt(List<SampleTimes> samples) {
        return samples.stream()
                .map(sample -> Objects.requireNonNullElse(
                        sample.released(), Objects.requireNonNullElse(sample.sampled(), sample.credited())))
                .min(Instant::compareTo)
                .orElseThrow();
    }

    /** Reads the samples of two steps, which lie close to each other. */
    private void readSamples(
            TrainingStep step, List<SampleTimes> ofStep, @Nullable TrainingStep earlier, List<SampleTimes> ofEarlier) {
        Map<TopicPartition, Map<Long, List<SampleTimes>>> wanted = new HashMap<>();
        int count = want(step, ofStep, wanted) + (earlier == null ? 0 : want(earlier, ofEarlier, wanted));
        Topic<TrainingSample> topic = runLog.topics().advantages();
        Map<TopicPartition, Long> starts = new HashMap<>();
        Map<TopicPartition, Long> ends = new HashMap<>();
        wanted.forEach((partition, offsets) -> {
            starts.put(partition, offsets.keySet().stream().min(Long::compare).orElseThrow());
            ends.put(partition, offsets.keySet().stream().max(Long::compare).orElseThrow() + 1);
        });
        try (LogCursor<TrainingSample> cursor = runLog.scan().from(topic, starts, ends)) {
            cursor.forEachRemaining(record -> {
                List<SampleTimes> samples = wanted.getOrDefault(
                                new TopicPartition(record.topic(), record.partition()), Map.of())
                        .get(record.offset());
                if (samples != null) {
                    samples.add(SampleTimes.of(record.event(), replayOf));
                }
            });
        }
        int missing = count - ofStep.size() - ofEarlier.size();
        if (missing > 0 || ofStep.isEmpty()) {
            throw new LogException(missing + " samples of step " + step.getStep() + " and the one before are not on "
                    + topic.name() + " where the ledger says: check the run with ./sppo audit");
        }
    }

    private int want(
            TrainingStep step, List<SampleTimes> samples, Map<TopicPartition, Map<Long, List<SampleTimes>>> wanted) {
        for (TrainedSample sample : step.getSamples()) {
            TopicPartition partition =
                    new TopicPartition(runLog.topics().advantages().name(), sample.getPartition());
            wanted.computeIfAbsent(partition, key -> new HashMap<>()).put(sample.getOffset(), samples);
        }
        return step.getSamples().size();
    }

    @Override
    public void close() {
        reader.close();
    }
}
