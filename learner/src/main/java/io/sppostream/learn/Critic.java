package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The role prompts -> values, and advantages -> critic weights. It scores prompts as they arrive, with V = sigmoid(z)
 * of its current weights. As soon as it holds the groups of a step, it trains on the first in order of arrival as one
 * step ({@link GroupBatch}). A sample carries its value, so nothing is scored by weights that have seen its reward.
 *
 * <p>For an estimator that reads the values of tokens, such as token-level PPO, it scores rollouts instead of prompts: V
 * before each response token. It then reads the policy's tokens, and none of its own tokenizer.
 *
 * <p>If the settings say so, it only trains, and {@link CriticScorer}s score with the versions that it publishes.
 *
 * <p>A backlog stays on the log: the role reads no more samples while it holds a full batch, and a poll returns a batch
 * at most, so it holds less than two batches. Scoring continues meanwhile.
 *
 * <p>The critic also trains on samples that the policy learner expires as stale. The loss of a value has no
 * importance ratio, and waiting for the policy learner's decision would couple the two roles.
 *
 * <p>The role is the only writer of the critic. A second instance fences the first and resumes from the last committed
 * version, as after a crash.
 */
public final class Critic implements RunningRole {
    private static final Duration POLL = Duration.ofMillis(200);

    /** What the critic does not use of a training sample. It holds samples until they are a batch. */
    static final Set<String> UNUSED = Set.of(
            "Rollout.reference",
            "Rollout.responseTokens",
            "Rollout.text",
            "Rollout.behaviourLogProbs",
            "Rollout.policySegments",
            "Verdict.settings",
            "TrainingSample.segments",
            "TrainingSample.furtherVerdicts");

    /** What a critic of tokens does not use. */
    static final Set<String> UNUSED_FOR_TOKENS = Set.of(
            "Rollout.reference",
            "Rollout.text",
            "Verdict.settings",
            "TrainingSample.furtherVerdicts",
            "TrainingSample.rejected");

    /** What of the events a critic does not use. */
    static Set<String> unused(boolean ofTokens) {
        return ofTokens ? UNUSED_FOR_TOKENS : UNUSED;
    }

    private final RunLog runLog;
    private final CriticModel model;
    private final Tokenizer tokenizer;
    private final CriticSettings settings;
    private final Clock clock;

    private final RoleThread thread;
    private volatile boolean recovered;

    /**
     * Starts the role.
     *
     * @param model the start weights; trained in place, so nothing else may use it while the role runs
     * @param tokenizer the critic's tokenizer
     * @param onFailure receives the exception that stops the role
     */
    public Critic(
            RunLog runLog,
            CriticModel model,
            Tokenizer tokenizer,
            CriticSettings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.runLog = runLog;
        this.model = model;
        this.tokenizer = tokenizer;
        this.settings = settings;
        this.clock = clock;
        this.thread = new RoleThread(RoleName.CRITIC, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        Stopping stopping = new Stopping(running);
        try (TrainableCritic critic = new TrainableCritic(
                model,
                tokenizer,
                settings.update(),
                settings.optimizer(),
                settings.training(),
                stopping::cancelsStep)) {
            learn(runLog, critic, settings.step(), settings.scores(), clock, stopping, () -> recovered = true);
        }
    }

    /** The role's loop. */
    static void learn(RunLog runLog, TrainableCritic critic, StepSettings settings, Clock clock, Stopping stopping) {
        learn(runLog, critic, settings, true, clock, stopping, () -> {});
    }

    /**
     * @param scores whether it scores, besides training
     * @param recovered called once the critic is that of the last committed step
     */
    private static void learn(
            RunLog runLog,
            TrainableCritic critic,
            StepSettings settings,
            boolean scores,
            Clock clock,
            Stopping stopping,
            Runnable recovered) {
        Topics topics = runLog.topics();
        boolean ofTokens = critic.scoring().ofTokens();
        RunLog slim = runLog.without(unused(ofTokens));
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        slim.withPollLimit(settings.batchSize()),
                        RoleName.CRITIC,
                        scores
                                ? List.of(CriticValues.input(topics, ofTokens), topics.advantages())
                                : List.of(topics.advantages()),
                        StepCommitter.publishing(critic));
                StepCommitter committer = new StepCommitter(log, slim, critic, settings, clock)) {
            CriticValues values = new CriticValues(log, topics, critic.scoring(), RoleName.CRITIC, clock);
            List<EventRecord<?>> pending = new ArrayList<>();
            recovered.run();
            while (stopping.isRunning()) {
                boolean full = GroupBatch.has(pending, settings.groups());
                if (full) {
                    log.pause(topics.advantages());
                } else {
                    log.resume(topics.advantages());
                }
                List<EventRecord<?>> toScore = new ArrayList<>();
                for (EventRecord<?> record : log.poll(full ? Duration.ZERO : POLL)) {
                    (record.event() instanceof TrainingSample ? pending : toScore).add(record);
                }
                if (!toScore.isEmpty()) {
                    values.send(toScore, committer.current());
                    log.commit(pending);
                }
                // What the critic refuses, which no advantage stream writes, the policy learner expires.
                GroupBatch batch = GroupBatch.take(
                        pending, settings.groups(), record -> critic.refusal((TrainingSample) record.event()) != null);
                if (batch.isFull()) {
                    committer.step(batch, pending, (step, metrics) -> {});
                }
            }
            committer.snapshot(pending, stopping);
        }
    }

    @Override
    public Map<String, Readiness> readiness() {
        return Map.of(
                RoleName.CRITIC,
                recovered ? new Readiness(true, "critic loaded") : new Readiness(false, "recovering the critic"));
    }

    @Override
    public void close() {
        thread.close();
    }
}
