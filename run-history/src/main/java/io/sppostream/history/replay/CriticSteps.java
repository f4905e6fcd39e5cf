package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.StepSettings;
import io.sppostream.learn.TrainableCritic;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.weights.Manifests;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.log.weights.WeightsRetention;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Writes the critic line of a replay. A version is published when it is made, so that no value names one that is not on
 * the log. The ledger's record of its step follows when all of the step's samples lie on {@code advantages}: these are in
 * the policy's order, in which the critic has not trained. The steps consume no offsets for the same reason. For one
 * thread.
 */
final class CriticSteps implements AutoCloseable {

    /** A step whose samples may not lie on the log yet; their offsets are still to be filled in. */
    private record Made(
            WeightsManifest from,
            WeightsManifest to,
            List<TrainingSample> order,
            Map<String, Double> metrics,
            Instant startedAt,
            Instant endedAt) {}

    private final ExactlyOnceLog log;
    private final Topics into;
    private final TrainableCritic line;
    private final StepSettings settings;
    private final WeightsPublisher publisher;
    private final WeightsRetention retention;
    private final Clock clock;
    private final Deque<Made> waiting = new ArrayDeque<>();
    private final Deque<WeightsManifest> snapshots = new ArrayDeque<>();
    private final Map<String, Future<RecordMetadata>> places = new HashMap<>();
    private final List<String> hashes = new ArrayList<>();
    private WeightsManifest current;
    private long samplesTrained;

    /** Publishes the start weights. */
    CriticSteps(
            ExactlyOnceLog log,
            KafkaSettings kafka,
            Topics into,
            TrainableCritic line,
            StepSettings settings,
            Clock clock) {
        this.log = log;
        this.into = into;
        this.line = line;
        this.settings = settings;
        this.clock = clock;
        this.publisher =
                new WeightsPublisher(log, into, line.kind(), line.config(), WeightsPublisher.CHUNK_BYTES, clock);
        this.current = publisher.publishStart(line::writeWeights);
        log.commit(List.of());
        this.retention = new WeightsRetention(kafka, into, line.kind(), current);
    }

    /** The last version made. */
    WeightsManifest current() {
        return current;
    }

    /** Trains the next step on samples, given in training order, and publishes the version that it makes. */
    void train(List<TrainingSample> order) {
        Instant startedAt = clock.instant();
        WeightsManifest from = current;
        int step = from.getStep() + 1;
        Map<String, Double> metrics = line.train(step, order);
        metrics.put(
                "critic_lag_mean",
                order.stream().mapToInt(sample -> lag(from, sample)).average().orElse(0));
        metrics.put("critic_lag_max", (double)
                order.stream().mapToInt(sample -> lag(from, sample)).max().orElse(0));
        Instant endedAt = clock.instant();
        metrics.put("seconds_updating", Duration.between(startedAt, endedAt).toNanos() / 1e9);
        int version = from.getVersion() + 1;
        boolean snapshot = version % settings.snapshotInterval() == 0;
        current = publisher.publish(
                version, from.getVersion(), step, line::writeWeights, snapshot ? line::writeOptimizer : null);
        hashes.add(current.getSha256());
        if (Manifests.isSnapshot(current)) {
            snapshots.add(current);
        }
        waiting.add(new Made(from, current, order, metrics, startedAt, endedAt));
    }

    private int lag(WeightsManifest from, TrainingSample sample) {
        return from.getVersion() - line.versionOf(sample);
    }

    /** Takes note of where a sample lies, or will when it is committed. */
    void placed(String rolloutId, Future<RecordMetadata> place) {
        places.put(rolloutId, place);
    }

    /** After each commit: has the next one take those steps to the ledger whose samples all lie on the log. */
    void committed() {
        while (!waiting.isEmpty()
                && waiting.element().order().stream()
                        .allMatch(
                                sample -> places.containsKey(sample.getRollout().getRolloutId()))) {
            Made made = waiting.remove();
            samplesTrained += made.order().size();
            log.sendWithCommit(into.trainingSteps(), line.kind().id(), record(made));
        }
        while (!snapshots.isEmpty()) {
            retention.committed(snapshots.remove());
        }
    }

    private TrainingStep record(Made made) {
        List<TrainedSample> samples = new ArrayList<>(made.order().size());
        for (TrainingSample sample : made.order()) {
            String id = sample.getRollout().getRolloutId();
            samples.add(new TrainedSample(id, 0, offset(requireNonNull(places.remove(id))), lag(made.from(), sample)));
        }
        return new TrainingStep(
                line.kind().id(),
                made.to().getStep(),
                made.from().getVersion(),
                made.to().getVersion(),
                made.from().getSha256(),
                made.to().getSha256(),
                samples,
                samplesTrained,
                List.of(),
                settings.configurationSha256(),
                made.metrics(),
                made.startedAt(),
                made.endedAt());
    }

    /** What is committed has its offset. */
    private static long offset(Future<RecordMetadata> committed) {
        try {
            return committed.get().offset();
        } catch (ExecutionException e) {
            throw new KafkaException("a sample of a replay was not accepted", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** SHA-256 of the weights that each step made. */
    List<String> hashes() {
        return hashes;
    }

    @Override
    public void close() {
        retention.close();
    }
}
