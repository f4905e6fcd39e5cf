package io.sppostream.run.evaluate;

import io.sppostream.events.HeldOutAccuracy;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.rollout.PolicyVersions;
import io.sppostream.run.report.LearningCurve;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Evaluates policy versions as they are published, and writes their accuracies to the log: the first version, the last,
 * and one every so many steps between. Versions that an earlier process of the run has evaluated are on the log and are
 * not evaluated again. A version whose answers were not judged is not on the log: the next process of the run may
 * evaluate it.
 */
public final class Evaluator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluator.class);

    private final Topics topics;
    private final Evaluation evaluation;
    private final PolicyVersions versions;
    private final int interval;
    private final LearningCurve curve;
    private final Clock clock;
    private final int from;
    private final CountDownLatch finished = new CountDownLatch(1);
    private final RoleThread thread;
    private volatile int lastStep;
    private volatile int evaluatedStep = -1;

    /**
     * Starts evaluating.
     *
     * @param versions the policy versions that are loaded already; closed by the caller, after this
     * @param earlier evaluations on the log, oldest first
     */
    public Evaluator(
            RunLog runLog,
            Evaluation evaluation,
            PolicyVersions versions,
            int interval,
            int lastStep,
            LearningCurve curve,
            List<HeldOutAccuracy> earlier,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.topics = runLog.topics();
        this.evaluation = evaluation;
        this.versions = versions;
        this.interval = interval;
        this.lastStep = lastStep;
        this.curve = curve;
        this.clock = clock;
        int evaluated = -1;
        for (HeldOutAccuracy point : earlier) {
            if (point.getVersion() > evaluated) {
                curve.add(point.getStep(), point.getPublishedAt(), point.getAccuracy());
                evaluated = point.getVersion();
                evaluatedStep = point.getStep();
            }
            if (point.getStep() >= lastStep) {
                finished.countDown();
            }
        }
        this.from = evaluated + 1;
        this.thread = new RoleThread(
                RoleName.EVALUATOR,
                running -> {
                    try (WeightsFollower log = new WeightsFollower(runLog, ModelKind.POLICY, from);
                            EventWriter writer = runLog.writer()) {
                        follow(log, writer, running);
                    }
                },
                onFailure);
    }

    private void follow(WeightsFollower log, EventWriter writer, BooleanSupplier running) throws InterruptedException {
        int next = from;
        while (running.getAsBoolean() && finished.getCount() > 0) {
            for (WeightsManifest version : log.poll(Duration.ofMillis(200))) {
                // A learner that stops publishes its last version again, as a snapshot.
                if (running.getAsBoolean() && version.getVersion() >= next && isDue(version.getStep())) {
                    next = version.getVersion() + 1;
                    evaluate(version, log, writer, running);
                }
            }
        }
    }

    private boolean isDue(int step) {
        return finished.getCount() > 0 && (step % interval == 0 || step >= lastStep);
    }

    private void evaluate(WeightsManifest version, WeightsFollower log, EventWriter writer, BooleanSupplier running)
            throws InterruptedException {
        HeldOutResult result;
        try (PolicyVersions.Lease lease = versions.acquire(version, log, running)) {
            if (lease == null) {
                if (running.getAsBoolean()) {
                    LOG.warn("version {} is not evaluated: its weights have left the log", version.getVersion());
                }
                return;
            }
            result = evaluation.evaluate(lease.model(), () -> !running.getAsBoolean());
        }
        if (result.accuracy() == null) {
            String because = String.valueOf(result.notJudgedBecause());
            LOG.warn("accuracy of version {} not judged: {}", version.getVersion(), because);
            curve.addNotJudged(version.getStep(), version.getPublishedAt(), because);
        } else {
            curve.add(version.getStep(), version.getPublishedAt(), result.accuracy());
            LOG.info("accuracy of version {}: {} {}", version.getVersion(), result.accuracy(), result.accuracyByTier());
            write(version, result.problems(), result.accuracy(), writer);
        }
        evaluatedStep = version.getStep();
        finishIfLast();
    }

    /** Makes the next version of that step or a later one the last, unless such a version is evaluated already. */
    public void endAt(int step) {
        lastStep = Math.min(lastStep, step);
        finishIfLast();
    }

    private void finishIfLast() {
        if (evaluatedStep >= lastStep) {
            finished.countDown();
        }
    }

    private void write(WeightsManifest version, int problems, double accuracy, EventWriter writer) {
        writer.send(
                topics.evaluations(),
                Integer.toString(version.getVersion()),
                new HeldOutAccuracy(
                        version.getVersion(),
                        version.getStep(),
                        version.getSha256(),
                        problems,
                        accuracy,
                        version.getPublishedAt(),
                        clock.instant()));
        writer.flush();
    }

    /** Waits until the last version is evaluated; returns false if the timeout ends first. */
    public boolean awaitLast(Duration timeout) throws InterruptedException {
        return finished.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        thread.close();
    }
}
