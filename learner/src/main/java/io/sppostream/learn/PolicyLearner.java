package io.sppostream.learn;

import io.sppostream.events.catalogue.RoleName;
import io.sppostream.learn.guard.CircuitBreakers;
import io.sppostream.learn.guard.PauseSwitch;
import io.sppostream.learn.guard.StaleSamples;
import io.sppostream.learn.update.PolicyUpdate;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.TrainingSettings;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * advantages -> policy weights. Whenever a whole batch of training samples is there, the first in order of arrival are
 * trained on as one step, and the new weights, their manifest, the ledger record and the consumed offsets are committed
 * in one transaction. Samples of too old a policy expire on the way ({@link StaleSamples}), and where a circuit breaker
 * trips it pauses ({@link PauseSwitch}). The role is the one writer of the policy line: a second one fences the first,
 * and goes on from the last version it committed, as after a crash.
 */
public final class PolicyLearner implements AutoCloseable {
    /**
     * How it trains.
     *
     * @param maxLag published versions that a sample's oldest token may lag behind; what lags more expires. Pacing
     *     bounds the lag of samples that are trained in the order of their release; this one is for those that others
     *     overtake, and for prompts that no feed paces
     * @param breakers when it pauses
     */
    public record Settings(
            StepSettings step,
            int maxLag,
            CircuitBreakers.Settings breakers,
            PolicyUpdate.Settings update,
            OptimizerSettings optimizer,
            TrainingSettings training) {

        /** The same for recorded samples, which are as old as they are: none expires, and their ratios pause nothing. */
        public Settings unguarded() {
            CircuitBreakers.Settings off = new CircuitBreakers.Settings(0, 1, 1, breakers.window());
            return new Settings(step, Integer.MAX_VALUE, off, update, optimizer, training);
        }
    }

    private final RunLog runLog;
    private final PolicyModel model;
    private final Settings settings;
    private final Clock clock;
    private final RoleThread thread;

    /**
     * Starts the role.
     *
     * @param model the start weights; trained in place, and not to be used by others
     * @param onFailure told what stopped the role, if anything did
     */
    public PolicyLearner(
            RunLog runLog, PolicyModel model, Settings settings, Clock clock, Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.model = model;
        this.settings = settings;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.POLICY_LEARNER, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        try (TrainablePolicy policy = new TrainablePolicy(
                model, settings.update(), settings.optimizer(), settings.training(), () -> !running.getAsBoolean())) {
            learn(runLog, policy, settings, clock, running);
        }
    }

    /** The role's loop. */
    static void learn(RunLog runLog, TrainableModel policy, Settings settings, Clock clock, BooleanSupplier running) {
        int batchSize = settings.step().batchSize();
        CircuitBreakers breakers = new CircuitBreakers(settings.breakers());
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        runLog.kafka(),
                        runLog.serdes(),
                        runLog.topics().application(RoleName.POLICY_LEARNER),
                        List.of(runLog.topics().advantages()),
                        StepCommitter.publishing(policy));
                StepCommitter committer = new StepCommitter(log, runLog, policy, settings.step(), clock);
                PauseSwitch pause = new PauseSwitch(
                        log, runLog, breakers, committer.current().getPublishedAt(), clock)) {
            StaleSamples stale = new StaleSamples(log, runLog.topics(), batchSize, settings.maxLag(), breakers, clock);
            List<EventRecord<?>> pending = new ArrayList<>();
            while (running.getAsBoolean()) {
                boolean paused = pause.isPaused();
                if (paused) {
                    log.pause();
                } else {
                    log.resume();
                }
                pending.addAll(pause.arrived(log.poll(Duration.ofMillis(200))));
                boolean ready = !paused && pause.hasCaughtUp(pending);
                if (ready && stale.expire(pending, committer.current().getVersion())) {
                    committer.step(pending, pause::measured);
                }
                pause.settled(committer.current().getStep(), pending);
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
