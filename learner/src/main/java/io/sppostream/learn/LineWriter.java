package io.sppostream.learn;

import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.Received;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsPublisher;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The one writer of a weight line. A step's weights, manifest, ledger record and consumed offsets commit in one
 * transaction: at any instant the log has all of a step or nothing of it.
 */
final class LineWriter {
    private final ExactlyOnceLog log;
    private final Topics topics;
    private final WeightLine line;
    private final WeightsPublisher publisher;
    private final WeightsPublisher.Source weights;
    private final String configurationSha256;
    private final Clock clock;
    private WeightsManifest current;
    private long samplesTrained;

    /**
     * Publishes the start weights as version 0.
     *
     * @param config the model's config.json
     * @param weights the model's weights as they are at the time of the call
     */
    LineWriter(
            ExactlyOnceLog log,
            Topics topics,
            WeightLine line,
            String config,
            WeightsPublisher.Source weights,
            String configurationSha256,
            Clock clock) {
        this.log = log;
        this.topics = topics;
        this.line = line;
        this.weights = weights;
        this.configurationSha256 = configurationSha256;
        this.clock = clock;
        this.publisher = new WeightsPublisher(log, topics, line, config, clock);
        this.current = publisher.publish(0, null, 0, weights);
        log.commit(List.of());
    }

    /** The last version committed. */
    WeightsManifest current() {
        return current;
    }

    /** The step being worked on, counting from 1. */
    int nextStep() {
        return current.getStep() + 1;
    }

    /**
     * Commits a step.
     *
     * @param order the samples in training order
     * @param pending what was polled and not trained
     */
    void commitStep(
            List<TrainedSample> order,
            Map<String, Double> metrics,
            Instant startedAt,
            Collection<? extends Received<?>> pending) {
        Instant endedAt = clock.instant();
        WeightsManifest made = publisher.publish(current.getVersion() + 1, current.getVersion(), nextStep(), weights);
        samplesTrained += order.size();
        String consumedTopic = topics.advantages().name();
        List<ConsumedOffset> consumed = log.consumed(pending).entrySet().stream()
                .filter(entry -> entry.getKey().topic().equals(consumedTopic))
                .map(entry -> new ConsumedOffset(entry.getKey().partition(), entry.getValue()))
                .sorted(Comparator.comparing(ConsumedOffset::getPartition))
                .toList();
        log.send(
                topics.trainingSteps(),
                line.id(),
                new TrainingStep(
                        line.id(),
                        made.getStep(),
                        current.getVersion(),
                        made.getVersion(),
                        current.getSha256(),
                        made.getSha256(),
                        order,
                        samplesTrained,
                        consumed,
                        configurationSha256,
                        metrics,
                        startedAt,
                        endedAt));
        log.commit(pending);
        current = made;
    }

    /** Seconds between two instants. */
    static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e9;
    }
}
