package io.sppostream.learn;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Trains steps of the ledger again, one after the other. The ledger names each sample of a step by partition and offset
 * of the advantages topic, in training order. For one thread.
 */
public final class LedgerReplay implements AutoCloseable {
    /** Without any record, for this long, the topic has nothing more. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Topics topics;
    private final TrainableModel model;
    private final EventReader advantages;

    /** The last steps, whose samples may still be trained. */
    private final Deque<TrainingStep> recent = new ArrayDeque<>();

    private final int lifetime;

    /** Samples that were read and not yet trained, by partition and offset. */
    private final Map<Integer, TreeMap<Long, TrainingSample>> read = new HashMap<>();

    /** The next offset to read, by partition. */
    private final Map<Integer, Long> reached = new HashMap<>();

    /**
     * @param model has the weights and optimizer state of the version that the first step starts from
     * @param replay how the samples of a group are spread over steps
     * @param from the step that came {@link EdgeReplay#lifetime} steps before the first, so that the samples lie behind
     *     what it consumed; null if there is none
     */
    public LedgerReplay(RunLog runLog, TrainableModel model, EdgeReplay replay, @Nullable TrainingStep from) {
        this.topics = runLog.topics();
        this.model = model;
        this.lifetime = replay.lifetime();
        this.advantages = runLog.reader(List.of(runLog.topics().advantages()));
        for (ConsumedOffset consumed : from == null ? List.<ConsumedOffset>of() : from.getConsumed()) {
            advantages.seek(runLog.topics().advantages(), consumed.getPartition(), consumed.getOffset());
        }
    }

    /**
     * Trains the next step.
     *
     * @return SHA-256 of the resulting weights, in hexadecimal; equal to the ledger's if nothing has changed
     * @throws LogException if a sample is not at the offset that the ledger gives
     */
    public String rerun(TrainingStep step) {
        model.train(step.getStep(), step.getFromSha256(), samples(step));
        return model.sha256();
    }

    private List<TrainingSample> samples(TrainingStep step) {
        List<TrainingSample> samples = new ArrayList<>(step.getSamples().size());
        for (TrainedSample trained : step.getSamples()) {
            TrainingSample sample = sample(step, trained);
            if (!sample.getRollout().getRolloutId().equals(trained.getRolloutId())) {
                throw missing(step, trained, sample.getRollout().getRolloutId());
            }
            samples.add(sample);
        }
        recent.add(step);
        if (recent.size() == lifetime) {
            discard(recent.remove());
        }
        return samples;
    }

    /** Discards the samples that a step has consumed and no step has trained: they have expired. */
    private void discard(TrainingStep step) {
        for (ConsumedOffset consumed : step.getConsumed()) {
            TreeMap<Long, TrainingSample> partition = read.get(consumed.getPartition());
            if (partition != null) {
                partition.headMap(consumed.getOffset()).clear();
            }
        }
    }

    private TrainingSample sample(TrainingStep step, TrainedSample trained) {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (reached.getOrDefault(trained.getPartition(), 0L) <= trained.getOffset()) {
            for (EventRecord<?> record : advantages.poll(Duration.ofMillis(500))) {
                read.computeIfAbsent(record.partition(), partition -> new TreeMap<>())
                        .put(record.offset(), (TrainingSample) record.event());
                reached.put(record.partition(), record.offset() + 1);
                deadline = System.nanoTime() + TIMEOUT.toNanos();
            }
            if (System.nanoTime() > deadline) {
                throw missing(step, trained, "nothing");
            }
        }
        TreeMap<Long, TrainingSample> partition = read.get(trained.getPartition());
        TrainingSample sample = partition == null ? null : partition.remove(trained.getOffset());
        if (sample == null) {
            throw missing(step, trained, "nothing");
        }
        return sample;
    }

    private LogException missing(TrainingStep step, TrainedSample trained, String found) {
        return new LogException("step " + step.getStep() + " of the " + step.getLine() + " can't be trained again:"
                + " the ledger has its sample " + trained.getRolloutId() + " at offset " + trained.getOffset() + " of "
                + topics.advantages().name() + "-" + trained.getPartition() + ", the topic has " + found + " there");
    }

    @Override
    public void close() {
        advantages.close();
    }
}
