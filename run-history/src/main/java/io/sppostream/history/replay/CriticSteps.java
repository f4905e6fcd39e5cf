package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Recovery;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.StepSettings;
import io.sppostream.learn.TrainableCritic;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.weights.WeightsFolder;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.log.weights.WeightsRetention;
import io.sppostream.log.weights.WeightsStorage;
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
import org.jspecify.annotations.Nullable;

/**
 * Trains the critic of a replay and writes its versions and steps. A version is published as soon as it is trained, so
 * every value names a version that is on the log. The ledger's record of the step follows when all of its samples are on
 * {@code advantages}, which has the policy's order, not the critic's. For the same reason the steps consume no offsets.
 * Not thread-safe.
 */
final class CriticSteps implements AutoCloseable {

    /** A step that waits for its samples to be on the log. Its record names their offsets. */
    private record PendingStep(
            WeightsManifest from,
            WeightsManifest to,
            List<TrainingSample> order,
            Map<String, Double> metrics,
            Instant startedAt,
            Instant endedAt) {}

    private final ExactlyOnceLog out;
    private final Topics topics;
    private final TrainableCritic critic;
    private final StepSettings settings;
    private final @Nullable WeightsFolder folder;
    private final WeightsPublisher publisher;
    private final WeightsRetention retention;
    private final Clock clock;
    private final Deque<PendingStep> waiting = new ArrayDeque<>();
    private final Deque<WeightsManifest> uncommitted = new ArrayDeque<>();
    private final Map<String, Future<RecordMetadata>> positions = new HashMap<>();
    private final List<String> hashes = new ArrayList<>();
    private WeightsManifest current;
    private long samplesTrained;

    /** Publishes the start weights. */
    CriticSteps(ExactlyOnceLog out, RunLog into, TrainableCritic critic, StepSettings settings, Clock clock) {
        this.out = out;
        this.topics = into.topics();
        this.critic = critic;
        this.settings = settings;
        this.clock = clock;
        WeightsStorage storage = settings.storage();
        this.folder = storage.usesFolder(critic.parameters())
                ? new WeightsFolder(storage.folder(critic.kind().id()), critic::checkpointFiles)
                : null;
        this.publisher =
                new WeightsPublisher(out, topics, critic.kind(), critic.config(), storage.chunkBytes(), folder, clock);
        this.current = publisher.publishStart(critic::writeWeights);
        out.commit(List.of());
        this.retention =
                new WeightsRetention(into.kafka(), topics, critic.kind(), List.of(current), folder, storage.keep());
    }

    /** The last version. */
    WeightsManifest current() {
        return current;
    }

    /** Trains the next step on samples in training order, and publishes its version. */
    void train(List<TrainingSample> order) {
        Instant startedAt = clock.instant();
        WeightsManifest from = current;
        int step = from.getStep() + 1;
        Map<String, Double> metrics = critic.train(step, from.getSha256(), order);
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
                version, from.getVersion(), step, critic::writePublished, snapshot ? critic::writeOptimizer : null);
        hashes.add(current.getSha256());
        uncommitted.add(current);
        waiting.add(new PendingStep(from, current, order, metrics, startedAt, endedAt));
    }

    private int lag(WeightsManifest from, TrainingSample sample) {
        return from.getVersion() - critic.versionOf(sample);
    }

    /** Notes the position of a sample, which is known when its transaction is committed. */
    void placed(String rolloutId, Future<RecordMetadata> position) {
        positions.put(rolloutId, position);
    }

    /** Call after each commit. Sends the steps whose samples are all on the log with the next commit. */
    void committed() {
        while (!waiting.isEmpty()
                && waiting.element().order().stream()
                        .allMatch(sample ->
                                positions.containsKey(sample.getRollout().getRolloutId()))) {
            PendingStep step = waiting.remove();
            samplesTrained += step.order().size();
            out.sendWithCommit(topics.trainingSteps(), critic.kind().id(), record(step));
        }
        while (!uncommitted.isEmpty()) {
            retention.committed(uncommitted.remove());
        }
    }

    private TrainingStep record(PendingStep step) {
        List<TrainedSample> samples = new ArrayList<>(step.order().size());
        for (TrainingSample sample : step.order()) {
            String id = sample.getRollout().getRolloutId();
            samples.add(
                    new TrainedSample(id, 0, offset(requireNonNull(positions.remove(id))), lag(step.from(), sample)));
        }
        return new TrainingStep(
                critic.kind().id(),
                step.to().getStep(),
                step.from().getVersion(),
                step.to().getVersion(),
                step.from().getSha256(),
                step.to().getSha256(),
                samples,
                samplesTrained,
                List.of(),
                settings.configurationSha256(),
                step.metrics(),
                step.startedAt(),
                step.endedAt(),
                Recovery.NONE,
                samplesTrained,
                critic.calibration(step.order()));
    }

    /** The offset of a committed record. */
    private static long offset(Future<RecordMetadata> committed) {
        try {
            return committed.get().offset();
        } catch (ExecutionException e) {
            throw new KafkaException("the cluster did not accept a sample of the replay", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** SHA-256 of the weights after each step. */
    List<String> hashes() {
        return hashes;
    }

    @Override
    public void close() {
        retention.close();
        if (folder != null) {
            folder.close();
        }
    }
}
