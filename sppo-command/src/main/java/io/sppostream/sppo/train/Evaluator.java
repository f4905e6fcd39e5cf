package io.sppostream.sppo.train;

import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.log.WeightsFollower;
import io.sppostream.model.PolicyModel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Evaluates the policy as it is published: the first version, the last, and one every so many steps between. */
final class Evaluator implements AutoCloseable {
    static final String ROLE = "evaluator";

    private final Evaluation evaluation;
    private final PolicyModel model;
    private final int interval;
    private final int lastStep;
    private final LearningCurve curve;
    private final CountDownLatch finished = new CountDownLatch(1);
    private final RoleThread thread;

    /**
     * Starts evaluating.
     *
     * @param model takes the weights of the versions evaluated; not to be used by others
     */
    Evaluator(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            Evaluation evaluation,
            PolicyModel model,
            int interval,
            int lastStep,
            LearningCurve curve,
            Consumer<Throwable> onFailure) {
        this.evaluation = evaluation;
        this.model = model;
        this.interval = interval;
        this.lastStep = lastStep;
        this.curve = curve;
        this.thread = new RoleThread(
                ROLE,
                running -> {
                    try (WeightsFollower log = new WeightsFollower(kafka, serdes, topics, WeightLine.POLICY)) {
                        follow(log, running);
                    }
                },
                onFailure);
    }

    private void follow(WeightsFollower log, BooleanSupplier running) {
        while (running.getAsBoolean() && finished.getCount() > 0) {
            for (WeightsManifest manifest : log.poll(Duration.ofMillis(200))) {
                int step = manifest.getStep();
                if (running.getAsBoolean() && (step % interval == 0 || step == lastStep)) {
                    log.fetch(manifest, model::readWeights);
                    curve.add(step, manifest.getPublishedAt(), evaluation.accuracy(model));
                }
                if (step == lastStep) {
                    finished.countDown();
                }
            }
        }
    }

    /** Waits until the last version is evaluated; false where that has not come to pass in time. */
    boolean awaitLast(Duration timeout) throws InterruptedException {
        return finished.await(timeout.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        thread.close();
    }
}
