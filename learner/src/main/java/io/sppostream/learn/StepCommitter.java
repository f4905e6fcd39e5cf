package io.sppostream.learn;

import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.LedgerRules;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.weights.Manifests;
import io.sppostream.log.weights.WeightsFolder;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.log.weights.WeightsRetention;
import io.sppostream.log.weights.WeightsStorage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model step by step and commits each step. It is the only writer of the model's weights. A step's weights,
 * manifest, ledger record and consumed offsets commit in one transaction, so at any instant the log has all of a step
 * or nothing of it.
 */
final class StepCommitter implements AutoCloseable {
    /** Rate at which a busy machine reads weights from a model, hashes and sends them. */
    private static final long SLOW_BYTES_PER_SECOND = 20_000_000;

    private final ExactlyOnceLog log;
    private final Topics topics;
    private final TrainableModel model;
    private final StepSettings settings;
    private final Clock clock;
    private final @Nullable WeightsFolder folder;
    private final WeightsPublisher publisher;
    private final WeightsRetention retention;
    private final PublishToLive live = new PublishToLive();
    private WeightsManifest current;
    private long samplesTrained;
    private long groupsTrained;
    private @Nullable Double secondsCommitting;

    /** The last steps before this learner's first, in order: those whose samples may still be trained. */
    private final List<TrainingStep> earlier;

    /** How this learner came to the version that the next step starts from. */
    private Recovery recovery;

    private Instant waitingSince;

    /**
     * Recovers the model's last version, and continues the log at the first sample that was not trained. If there is no
     * version yet, publishes the start weights.
     *
     * @param log the sole loop of the model's role
     * @param model has the start weights
     * @throws LogException if the model can't be recovered
     */
    StepCommitter(ExactlyOnceLog log, RunLog runLog, TrainableModel model, StepSettings settings, Clock clock) {
        this.log = log;
        this.topics = runLog.topics();
        this.model = model;
        this.settings = settings;
        this.clock = clock;
        WeightsStorage storage = settings.storage();
        this.folder = storage.usesFolder(model.parameters())
                ? new WeightsFolder(storage.folder(model.kind().id()), model::checkpointFiles)
                : null;
        this.publisher = new WeightsPublisher(
                log, runLog.topics(), model.kind(), model.config(), storage.chunkBytes(), folder, clock);
        ModelRecovery.Recovered recovered = recover(new ModelRecovery(runLog, model, settings.replay()));
        this.recovery = recovered == null ? Recovery.NONE : recovered.recovery();
        this.current = recovered == null ? start() : resume(recovered.version(), recovered.lastStep());
        if (folder != null) {
            log.commit(List.of()); // Fails if another instance has taken over, whose files must not be deleted.
        }
        this.retention = new WeightsRetention(
                runLog.kafka(), runLog.topics(), model.kind(), published(runLog, recovered), folder, storage.keep());
        this.earlier = recovered == null ? List.of() : recovered.steps();
        this.waitingSince = clock.instant();
    }

    /**
     * How long the largest transaction may take to send: that of a snapshot, the weights with Adam's two moments.
     */
    static Duration publishing(TrainableModel model) {
        return Duration.ofSeconds(snapshotBytes(model) / SLOW_BYTES_PER_SECOND);
    }

    private static long snapshotBytes(TrainableModel model) {
        return 3 * Float.BYTES * model.parameters();
    }

    private ModelRecovery.@Nullable Recovered recover(ModelRecovery recovery) {
        try {
            return recovery.recover();
        } catch (LogException e) {
            // Another instance may have taken over in the meantime, and its records do not fit those read before. Then
            // this commit throws the exception that says so.
            log.commit(List.of());
            throw e;
        }
    }

    /** The versions that retention has to know. */
    private List<WeightsManifest> published(RunLog runLog, ModelRecovery.@Nullable Recovered recovered) {
        if (recovered == null) {
            return List.of(current);
        }
        return folder == null
                ? List.of(recovered.snapshot())
                : WeightsRetention.published(
                        runLog, model.kind(), settings.storage().keep());
    }

    private WeightsManifest start() {
        WeightsManifest made = publisher.publishStart(model::writeWeights);
        log.commit(List.of());
        live.published(made);
        return made;
    }

    private WeightsManifest resume(WeightsManifest last, @Nullable TrainingStep step) {
        publisher.continueFrom(last, model::writePublished);
        if (step != null) {
            samplesTrained = step.getSamplesTrained();
            groupsTrained = LedgerRules.groupsTrained(step);
            for (ConsumedOffset consumed : step.getConsumed()) {
                log.seek(topics.advantages(), consumed.getPartition(), consumed.getOffset());
            }
        }
        return last;
    }

    /** The last steps of the learners before this one, in order: those whose samples may still be trained, and more. */
    List<TrainingStep> earlier() {
        return earlier;
    }

    /** The last version committed. */
    WeightsManifest current() {
        return current;
    }

    /**
     * Trains on a batch and commits the step.
     *
     * @param pending samples polled and not trained, without those of the batch
     * @param beforeCommit receives the step and its metrics; what it sends commits with the step
     */
    void step(GroupBatch batch, List<EventRecord<?>> pending, BiConsumer<Integer, Map<String, Double>> beforeCommit) {
        Instant startedAt = clock.instant();
        int step = current.getStep() + 1;
        List<SampleRecord> order = SampleRecord.inTrainingOrder(batch.samples(), settings.seed(), step);
        List<TrainingSample> samples = order.stream().map(SampleRecord::sample).toList();
        Map<String, Double> metrics = model.train(step, current.getSha256(), samples);
        ToDoubleFunction<SampleRecord> lag = each -> current.getVersion() - model.versionOf(each.sample());
        metrics.put(model.kind().id() + "_lag_mean", SampleRecord.mean(order, lag));
        metrics.put(model.kind().id() + "_lag_max", SampleRecord.max(order, lag));
        metrics.put("seconds_waiting", seconds(waitingSince, startedAt));
        live.seconds(model, samples).ifPresent(seconds -> metrics.put("seconds_to_live", seconds));
        if (model.kind() == ModelKind.POLICY) {
            SpeedMetrics.secondsSampling(samples).ifPresent(seconds -> metrics.put("seconds_sampling", seconds));
        }
        Long memory = ProcessMemory.peakResidentBytes("self");
        if (memory != null) {
            metrics.put("peak_resident_bytes", (double) memory);
        }
        Instant endedAt = clock.instant();
        metrics.put("seconds_updating", seconds(startedAt, endedAt));
        beforeCommit.accept(step, metrics);
        groupsTrained += batch.groups();
        commit(step, order, lag, metrics, startedAt, endedAt, pending);
        waitingSince = clock.instant();
    }

    private void commit(
            int step,
            List<SampleRecord> order,
            ToDoubleFunction<SampleRecord> lag,
            Map<String, Double> metrics,
            Instant startedAt,
            Instant endedAt,
            Collection<? extends EventRecord<?>> pending) {
        int version = current.getVersion() + 1;
        boolean snapshot = version % settings.snapshotInterval() == 0;
        WeightsManifest made = publisher.publish(
                version, current.getVersion(), step, model::writePublished, snapshot ? model::writeOptimizer : null);
        Instant publishedAt = clock.instant();
        metrics.put("seconds_publishing", seconds(endedAt, publishedAt));
        if (secondsCommitting != null) {
            // That of the step before: a record can't contain the duration of its own commit.
            metrics.put("seconds_committing", secondsCommitting);
        }
        metrics.putAll(SpeedMetrics.of(metrics, settings.peakFlops()));
        samplesTrained += order.size();
        log.send(
                topics.trainingSteps(),
                model.kind().id(),
                new TrainingStep(
                        model.kind().id(),
                        step,
                        current.getVersion(),
                        version,
                        current.getSha256(),
                        made.getSha256(),
                        SampleRecord.ledger(order, lag),
                        samplesTrained,
                        consumed(pending),
                        settings.configurationSha256(),
                        metrics,
                        startedAt,
                        endedAt,
                        recovery,
                        groupsTrained,
                        model.calibration(
                                order.stream().map(SampleRecord::sample).toList())));
        log.commit(pending);
        recovery = Recovery.NONE;
        secondsCommitting = seconds(publishedAt, clock.instant());
        current = made;
        live.published(made);
        retention.committed(made);
    }

    /**
     * Publishes the last version again as a snapshot, unless it is one, so that the next start trains nothing again. For a
     * role that is asked to stop, between two steps.
     *
     * @param pending samples polled and not trained
     * @throws CancellationException if it takes too long; the learner is then to be closed, which discards what was sent
     */
    void snapshot(Collection<? extends EventRecord<?>> pending, Stopping stopping) {
        if (Manifests.isSnapshot(current) || stopping.leavesNoTimeFor(snapshotBytes(model))) {
            return;
        }
        WeightsManifest made = publisher.publishSnapshot(
                current, stopping.limited(model::writePublished), stopping.limited(model::writeOptimizer));
        log.commit(pending);
        current = made;
        retention.committed(made);
    }

    private List<ConsumedOffset> consumed(Collection<? extends EventRecord<?>> pending) {
        String topic = topics.advantages().name();
        return log.consumed(pending).entrySet().stream()
                .filter(entry -> entry.getKey().topic().equals(topic))
                .map(entry -> new ConsumedOffset(entry.getKey().partition(), entry.getValue()))
                .sorted(Comparator.comparing(ConsumedOffset::getPartition))
                .toList();
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e9;
    }

    @Override
    public void close() {
        retention.close();
        if (folder != null) {
            folder.close();
        }
    }
}
