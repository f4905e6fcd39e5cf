package io.sppostream.learn;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.learn.batch.SpreadSamples;
import io.sppostream.learn.guard.CircuitBreakers;
import io.sppostream.learn.guard.PauseSwitch;
import io.sppostream.learn.guard.StaleSamples;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.model.PolicyModel;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The role advantages -> policy weights. As soon as it holds the groups of a step, it trains on the first in order of
 * arrival as one step ({@link GroupBatch}). The new weights, their manifest, the ledger record and the consumed offsets commit
 * in one transaction. Samples of too old a policy and invalid ones expire ({@link StaleSamples}), and the role pauses when a circuit
 * breaker trips ({@link PauseSwitch}).
 *
 * <p>With an {@link EdgeReplay}, the samples of a group are spread over several steps ({@link SpreadSamples}). The first
 * consumes them all. After a restart the others are read again ({@link HeldSamples}).
 *
 * <p>A backlog stays on the log: the role reads nothing more while it holds a full batch, and a poll returns a batch at
 * most, so it holds less than two batches. Only while it looks for samples that expired before a restart, it holds up to
 * two batches of each partition.
 *
 * <p>The role is the only writer of the policy. A second instance fences the first and resumes from the last committed
 * version, as after a crash.
 */
public final class PolicyLearner implements RunningRole {
    private static final Duration POLL = Duration.ofMillis(200);

    private final RunLog runLog;
    private final PolicyModel model;
    private final PolicyLearnerSettings settings;
    private final Clock clock;
    private final RoleThread thread;
    private volatile boolean recovered;

    /**
     * Starts the role.
     *
     * @param model the start weights; trained in place, so nothing else may use it while the role runs
     * @param onFailure receives the exception that stops the role
     */
    public PolicyLearner(
            RunLog runLog,
            PolicyModel model,
            PolicyLearnerSettings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.model = model;
        this.settings = settings;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.POLICY_LEARNER, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        Stopping stopping = new Stopping(running);
        try (TrainablePolicy policy = new TrainablePolicy(
                model,
                settings.update(),
                settings.optimizer(),
                settings.training(),
                settings.published(),
                stopping::cancelsStep)) {
            learn(runLog, policy, settings, clock, stopping, () -> recovered = true);
        }
    }

    /** The role's loop. */
    static void learn(
            RunLog runLog, TrainableModel policy, PolicyLearnerSettings settings, Clock clock, Stopping stopping) {
        learn(runLog, policy, settings, clock, stopping, () -> {});
    }

    /** @param recovered called once the policy is that of the last committed step */
    private static void learn(
            RunLog runLog,
            TrainableModel policy,
            PolicyLearnerSettings settings,
            Clock clock,
            Stopping stopping,
            Runnable recovered) {
        int groups = settings.step().groups();
        CircuitBreakers breakers = new CircuitBreakers(settings.breakers());
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        runLog.withPollLimit(settings.step().batchSize()),
                        RoleName.POLICY_LEARNER,
                        List.of(runLog.topics().advantages()),
                        StepCommitter.publishing(policy));
                StepCommitter committer = new StepCommitter(log, runLog, policy, settings.step(), clock);
                PauseSwitch pause = new PauseSwitch(
                        log, runLog, breakers, committer.current().getPublishedAt(), clock)) {
            StaleSamples stale =
                    new StaleSamples(log, runLog.topics(), groups, settings.maxLag(), breakers, policy::refusal, clock);
            EdgeReplay replay = settings.step().replay();
            SpreadSamples<EventRecord<?>> spread = new SpreadSamples<>(
                    replay,
                    settings.step().seed(),
                    record -> rollout(record).getRequestId(),
                    record -> rollout(record).getRolloutId());
            HeldSamples.restore(runLog, committer.earlier(), replay.lifetime(), stale::isUnusable, spread);
            List<EventRecord<?>> pending = new ArrayList<>();
            boolean caughtUp = false;
            recovered.run();
            while (stopping.isRunning()) {
                boolean paused = pause.isPaused();
                boolean full = caughtUp && GroupBatch.has(pending, groups);
                if (paused || full) {
                    log.pause();
                } else {
                    log.resume();
                }
                Duration timeout = full && !paused ? Duration.ZERO : POLL;
                pending.addAll(pause.withoutExpired(log.poll(timeout)));
                caughtUp = pause.hasCaughtUp(pending, groups);
                if (!paused && caughtUp) {
                    GroupBatch batch = stale.next(pending, committer.current().getVersion());
                    if (batch.isFull()) {
                        int step = committer.current().getStep() + 1;
                        stale.expire(spread.add(step, batch.samples()), replay);
                        committer.step(batch.withSamples(spread.take(step)), pending, pause::afterStep);
                    }
                }
                pause.afterSamples(committer.current().getStep(), pending);
            }
            committer.snapshot(pending, stopping);
        }
    }

    private static Rollout rollout(EventRecord<?> sample) {
        return ((TrainingSample) sample.event()).getRollout();
    }

    @Override
    public Map<String, Readiness> readiness() {
        return Map.of(
                RoleName.POLICY_LEARNER,
                recovered ? new Readiness(true, "policy loaded") : new Readiness(false, "recovering the policy"));
    }

    @Override
    public void close() {
        thread.close();
    }
}
