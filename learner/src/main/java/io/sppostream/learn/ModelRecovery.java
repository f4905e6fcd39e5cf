package io.sppostream.learn;

import io.sppostream.events.OptimizerState;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.Manifests;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.log.weights.WeightsPublisher;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a line's model to where the log says the line is: weights and optimizer state of the newest snapshot, and the
 * ledger's later steps trained again, each weight hash checked against the ledger's. What it costs depends on the
 * distance of snapshots, not on the length of the log, which is read from its end.
 */
final class ModelRecovery {
    private static final Logger LOG = LoggerFactory.getLogger(ModelRecovery.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RunLog runLog;
    private final TrainableModel model;

    /**
     * Where a line is.
     *
     * @param version the last version
     * @param snapshot the last version that training can go on from alone
     * @param lastStep the step that made the last version; null for the start weights
     */
    record Recovered(
            WeightsManifest version,
            WeightsManifest snapshot,
            @Nullable TrainingStep lastStep) {}

    ModelRecovery(RunLog runLog, TrainableModel model) {
        this.runLog = runLog;
        this.model = model;
    }

    /**
     * Recovers the line. To be called when nothing can be added to it but by the caller.
     *
     * @return null where the line has no version yet; the model is then as it was
     * @throws LogException where the line began from other weights than the model's, or trains to others than it did
     */
    @Nullable
    Recovered recover() {
        List<WeightsManifest> versions = versions();
        if (versions.isEmpty()) {
            return null;
        }
        WeightsManifest last = versions.get(versions.size() - 1);
        WeightsManifest snapshot = last(versions, Manifests::isSnapshot);
        List<TrainingStep> steps = List.copyOf(steps(snapshot.getVersion(), last.getVersion()));
        TrainingStep lastStep = steps.isEmpty() ? null : steps.get(steps.size() - 1);
        if ((lastStep == null ? 0 : lastStep.getToVersion()) != last.getVersion()) {
            throw new LogException("the " + model.kind().id() + " line of run '"
                    + runLog.topics().namespace()
                    + "' can't be resumed: its versions end at " + last.getVersion() + ", its ledger at "
                    + (lastStep == null ? "none" : lastStep.getToVersion()));
        }
        restore(snapshot);
        retrain(steps, snapshot);
        return new Recovered(last, snapshot, lastStep);
    }

    /** The line's last versions, back to a snapshot. */
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
                    .map(received -> (WeightsManifest) received.event())
                    .toList();
        }
    }

    /** The model has the start weights still. */
    private void requireStartWeights(EventReader log) {
        if (log.end(runLog.topics().versions(model.kind()), 0) == 0) {
            return;
        }
        for (EventRecord<?> received : log.poll(PATIENCE)) {
            WeightsManifest version = (WeightsManifest) received.event();
            if (version.getVersion() == 0 && !version.getSha256().equals(model.sha256())) {
                throw new LogException("run '" + runLog.topics().namespace() + "' began from other "
                        + model.kind().id()
                        + " weights (SHA-256 " + version.getSha256() + ") than those given (" + model.sha256()
                        + "): give the model it was begun with, or another --run");
            }
            return;
        }
    }

    /**
     * The line's ledger from the step that made a version on, from the first for version 0, to the one that made the
     * last.
     *
     * <p>The other line writes to the ledger too, and what it has open, should it have been killed, hides this line's
     * steps for as long as its transaction may last. So all records are read: of a version that is committed, the last
     * of this line is the one that was committed with it. Those before it were given up.
     */
    private Collection<TrainingStep> steps(int version, int last) {
        var topic = runLog.topics().trainingSteps();
        NavigableMap<Integer, TrainingStep> steps = new TreeMap<>();
        try (EventReader log = runLog.uncommitted(List.of(topic))) {
            for (EventRecord<?> received : log.last(
                    topic,
                    0,
                    log.end(topic, 0),
                    events -> events.stream()
                            .anyMatch(each -> isOfLine(each) && step(each).getToVersion() <= version))) {
                if (isOfLine(received)) {
                    steps.put(step(received).getToVersion(), step(received));
                }
            }
        }
        return steps.subMap(version, last + 1).values();
    }

    private boolean isOfLine(EventRecord<?> received) {
        return step(received).getLine().equals(model.kind().id());
    }

    private static TrainingStep step(EventRecord<?> received) {
        return (TrainingStep) received.event();
    }

    private static <T> T last(List<T> list, Predicate<T> which) {
        return list.stream().filter(which).reduce((before, after) -> after).orElseThrow();
    }

    /** Version 0 is what the model has. */
    private void restore(WeightsManifest snapshot) {
        OptimizerState optimizer = snapshot.getOptimizer();
        if (optimizer == null) {
            return;
        }
        try (WeightsFollower log = new WeightsFollower(runLog, model.kind(), WeightsFollower.NEWEST)) {
            require(snapshot, log.fetch(snapshot, model::readWeights), snapshot.getSha256(), model.sha256());
            require(
                    snapshot,
                    log.fetchOptimizer(snapshot, optimizer, model::readOptimizer),
                    optimizer.getSha256(),
                    WeightsPublisher.sha256(model::writeOptimizer));
        }
    }

    private void require(WeightsManifest snapshot, boolean there, String expected, String found) {
        if (!there || !expected.equals(found)) {
            throw new LogException("snapshot " + snapshot.getVersion() + " of the "
                    + model.kind().id()
                    + " line of run '" + runLog.topics().namespace() + "' can't be restored: "
                    + (there ? "its SHA-256 is " + found + ", its manifest says " + expected : "it is not on the log"));
        }
    }

    private void retrain(List<TrainingStep> steps, WeightsManifest snapshot) {
        TrainingStep before = steps.isEmpty() || snapshot.getVersion() == 0 ? null : steps.get(0);
        List<TrainingStep> later = before == null ? steps : steps.subList(1, steps.size());
        if (later.isEmpty()) {
            return;
        }
        try (LedgerReplay replay = new LedgerReplay(runLog, model, before)) {
            for (TrainingStep step : later) {
                String sha256 = replay.rerun(step);
                if (!sha256.equals(step.getToSha256())) {
                    throw new LogException(
                            "step " + step.getStep() + " of the " + step.getLine() + " line of run '"
                                    + runLog.topics().namespace() + "', trained again, makes weights of SHA-256 "
                                    + sha256
                                    + ", the ledger says " + step.getToSha256()
                                    + ": this program, its settings or this machine compute otherwise than those that trained it");
                }
            }
        }
        LOG.info(
                "{} line: from snapshot {}, steps {} to {} trained again",
                model.kind().id(),
                snapshot.getVersion(),
                later.get(0).getStep(),
                later.get(later.size() - 1).getStep());
    }
}
