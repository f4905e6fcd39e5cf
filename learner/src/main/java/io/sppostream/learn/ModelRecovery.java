package io.sppostream.learn;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.OptimizerState;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.Manifests;
import io.sppostream.log.weights.WeightsFiles;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.log.weights.WeightsPublisher;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a model to its last committed version: restores weights and optimizer state from the newest snapshot, then
 * trains the later steps of the ledger again and checks the hash of each result. If a step makes other weights than the
 * ledger has, as on another processor, it reads the weights of that version from the log and keeps the optimizer state
 * that it has computed. The log is read from its end, so the cost depends on the distance between snapshots and not on
 * the length of the log.
 */
final class ModelRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRecovery.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final RunLog runLog;
    private final TrainableModel model;
    private final EdgeReplay replay;

    /**
     * The state of a model on the log.
     *
     * @param version the last version
     * @param snapshot the last version that has the optimizer's state, so that training can resume from it
     * @param steps the last steps of the ledger, in order: at least one more than a sample may be trained in, or all;
     *     the last of them made the last version
     * @param recovery whether steps were trained again, and whether each made the weights of the ledger
     */
    record Recovered(WeightsManifest version, WeightsManifest snapshot, List<TrainingStep> steps, Recovery recovery) {
        /** The step that made the last version; null for the start weights. */
        @Nullable
        TrainingStep lastStep() {
            return steps.isEmpty() ? null : steps.get(steps.size() - 1);
        }
    }

    /** @param replay how the samples of a group are spread over steps */
    ModelRecovery(RunLog runLog, TrainableModel model, EdgeReplay replay) {
        this.runLog = runLog;
        this.model = model;
        this.replay = replay;
    }

    /**
     * Recovers the model. Call it once every other writer of the model is fenced.
     *
     * @return null if the log has no version yet; the model is then unchanged
     * @throws LogException if the run began from other weights than the model's, or if the log lacks what a recovery
     *     needs
     */
    @Nullable
    Recovered recover() {
        List<WeightsManifest> versions = versions();
        if (versions.isEmpty()) {
            return null;
        }
        WeightsManifest last = versions.get(versions.size() - 1);
        WeightsManifest snapshot = last(versions, Manifests::isSnapshot);
        List<TrainingStep> steps = List.copyOf(steps(snapshot.getVersion() - replay.lifetime() + 1, last.getVersion()));
        TrainingStep lastStep = steps.isEmpty() ? null : steps.get(steps.size() - 1);
        if ((lastStep == null ? 0 : lastStep.getToVersion()) != last.getVersion()) {
            throw new LogException("the " + model.kind().id() + " of run '"
                    + runLog.topics().namespace()
                    + "' can't be resumed: its last version is " + last.getVersion()
                    + ", the last step in the ledger made "
                    + (lastStep == null ? "none" : "version " + lastStep.getToVersion()));
        }
        restore(snapshot);
        return new Recovered(last, snapshot, steps, retrain(steps, snapshot));
    }

    /** The last versions, from the newest snapshot on. */
    private List<WeightsManifest> versions() {
        var topic = runLog.topics().versions(model.kind());
        try (EventReader log = runLog.reader(List.of(topic))) {
            requireStartWeights(log);
            return log
                    .last(
                            topic,
                            0,
                            log.end(topic, 0),
                            events -> events.stream()
                                    .anyMatch(each -> Manifests.isSnapshot((WeightsManifest) each.event())))
                    .stream()
                    .map(record -> (WeightsManifest) record.event())
                    .toList();
        }
    }

    /** Checks the model, which still has its start weights, against version 0. */
    private void requireStartWeights(EventReader log) {
        if (log.end(runLog.topics().versions(model.kind()), 0) == 0) {
            return;
        }
        String sha256 = WeightsPublisher.sha256(model::writeWeights); // The start weights are never rounded.
        for (EventRecord<?> record : log.poll(TIMEOUT)) {
            WeightsManifest version = (WeightsManifest) record.event();
            if (version.getVersion() == 0 && !version.getSha256().equals(sha256)) {
                throw new LogException("run '" + runLog.topics().namespace() + "' started from other "
                        + model.kind().id()
                        + " weights (SHA-256 " + version.getSha256() + ") than the given ones (" + sha256
                        + "): give the model that the run started from, or another --run");
            }
            return;
        }
    }

    /**
     * The model's steps in the ledger, from the one that made a version (the first step, for version 0) to the one that
     * made the last version.
     *
     * <p>Policy and critic share the ledger. If the other role was killed, its open transaction hides later steps from
     * readers of committed records until it times out. This reads all records instead: of several steps to one
     * committed version, the last was committed with it, and those before it were aborted.
     */
    private Collection<TrainingStep> steps(int version, int last) {
        var topic = runLog.topics().trainingSteps();
        NavigableMap<Integer, TrainingStep> steps = new TreeMap<>();
        try (EventReader log = runLog.uncommitted(List.of(topic))) {
            for (EventRecord<?> record : log.last(
                    topic,
                    0,
                    log.end(topic, 0),
                    events -> events.stream()
                            .anyMatch(each -> isOfModel(each) && step(each).getToVersion() <= version))) {
                if (isOfModel(record)) {
                    steps.put(step(record).getToVersion(), step(record));
                }
            }
        }
        return steps.subMap(version, last + 1).values();
    }

    private boolean isOfModel(EventRecord<?> record) {
        return step(record).getLine().equals(model.kind().id());
    }

    private static TrainingStep step(EventRecord<?> record) {
        return (TrainingStep) record.event();
    }

    private static <T> T last(List<T> list, Predicate<T> which) {
        return list.stream().filter(which).reduce((before, after) -> after).orElseThrow();
    }

    /** Loads a snapshot. Version 0 has no optimizer state and needs none: the model has its weights already. */
    private void restore(WeightsManifest snapshot) {
        OptimizerState optimizer = snapshot.getOptimizer();
        if (optimizer == null) {
            return;
        }
        try (WeightsFollower log = new WeightsFollower(runLog, model.kind(), WeightsFollower.NEWEST)) {
            String what = "snapshot " + snapshot.getVersion();
            boolean there = log.fetch(snapshot, model::readPublished)
                    && log.fetchOptimizer(snapshot, optimizer, model::readOptimizer);
            require(what, there, snapshot.getSha256(), model.sha256());
            require(what, there, optimizer.getSha256(), WeightsPublisher.sha256(model::writeOptimizer));
        }
    }

    private void require(String what, boolean there, String expected, String found) {
        if (!there || !expected.equals(found)) {
            throw new LogException(what + " of the "
                    + model.kind().id()
                    + " of run '" + runLog.topics().namespace() + "' can't be restored: "
                    + (there ? "its SHA-256 is " + found + ", its manifest says " + expected : "it is not on the log"));
        }
    }

    private Recovery retrain(List<TrainingStep> steps, WeightsManifest snapshot) {
        List<TrainingStep> later = steps.stream()
                .filter(step -> step.getToVersion() > snapshot.getVersion())
                .toList();
        TrainingStep before = steps.stream()
                .filter(step -> step.getToVersion() == snapshot.getVersion() - replay.lifetime() + 1)
                .findFirst()
                .orElse(null);
        if (later.isEmpty()) {
            return Recovery.NONE;
        }
        int restored = 0;
        try (LedgerReplay again = new LedgerReplay(runLog, model, replay, before);
                RecordedWeights recorded = new RecordedWeights(snapshot)) {
            for (TrainingStep step : later) {
                String sha256 = again.rerun(step);
                if (!sha256.equals(step.getToSha256())) {
                    LOG.warn(
                            "step {} of the {}, trained again, makes weights of SHA-256 {}, the ledger has {}: the processor,"
                                    + " the device, the program or the samples have changed since the step was trained; reading"
                                    + " version {} from the log instead",
                            step.getStep(),
                            step.getLine(),
                            sha256,
                            step.getToSha256(),
                            step.getToVersion());
                    recorded.restore(step, step.equals(later.get(later.size() - 1)));
                    restored++;
                }
            }
        }
        LOG.info(
                "{}: restored snapshot {}, trained steps {} to {} again{}",
                model.kind().id(),
                snapshot.getVersion(),
                later.get(0).getStep(),
                later.get(later.size() - 1).getStep(),
                restored == 0 ? "" : ", and read the weights of " + restored + " of them from the log");
        return restored == 0 ? Recovery.RECOMPUTED : Recovery.RESTORED;
    }

    /** The weights on the log of the versions since a snapshot; connects when the first is needed. */
    private final class RecordedWeights implements AutoCloseable {
        private final WeightsManifest snapshot;
        private final Map<Integer, WeightsManifest> manifests = new HashMap<>();
        private @Nullable WeightsFollower log;

        RecordedWeights(WeightsManifest snapshot) {
            this.snapshot = snapshot;
        }

        /**
         * Replaces the model's weights by those of the version that a step has made. A folder has only the newest versions:
         * before the last, the computed weights stay if the recorded ones are gone.
         */
        void restore(TrainingStep step, boolean isLast) {
            if (log == null) {
                log = new WeightsFollower(runLog, model.kind(), snapshot.getVersion());
            }
            int version = step.getToVersion();
            long deadline = System.nanoTime() + TIMEOUT.toNanos();
            while (!manifests.containsKey(version) && System.nanoTime() < deadline) {
                log.poll(Duration.ofMillis(500)).forEach(each -> manifests.put(each.getVersion(), each));
            }
            WeightsManifest manifest = manifests.get(version);
            boolean there = manifest != null && log.fetch(manifest, model::readPublished);
            if (!there && !isLast && manifest != null && WeightsFiles.has(manifest)) {
                LOG.info(
                        "version {} is no longer in its folder; recovery continues with the computed weights", version);
                return;
            }
            require("version " + version, there, step.getToSha256(), model.sha256());
        }

        @Override
        public void close() {
            if (log != null) {
                log.close();
            }
        }
    }
}
