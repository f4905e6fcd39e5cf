package io.sppostream.learn;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.BoundedText;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.batch.GroupBatch;
import io.sppostream.learn.update.ValueLoss;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.Readiness;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.model.ConversationException;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The role prompts -> values, and advantages -> critic weights. It scores prompts as they arrive, with V = sigmoid(z)
 * of its current weights. As soon as it holds the groups of a step, it trains on the first in order of arrival as one
 * step ({@link GroupBatch}). A sample carries its value, so nothing is scored by weights that have seen its reward.
 *
 * <p>For an estimator that reads the values of tokens, such as token-level PPO, it scores rollouts instead of prompts: V
 * before each response token. It then reads the policy's tokens, and none of its own tokenizer.
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

    /** Rollouts of which only the reward is read. */
    private static final Set<RequestPurpose> UNSCORED = Set.of(RequestPurpose.BASELINE, RequestPurpose.PREFIX_VALUE);

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
            learn(runLog, critic, settings.step(), clock, stopping, () -> recovered = true);
        }
    }

    /** The role's loop. */
    static void learn(RunLog runLog, TrainableCritic critic, StepSettings settings, Clock clock, Stopping stopping) {
        learn(runLog, critic, settings, clock, stopping, () -> {});
    }

    /** @param recovered called once the critic is that of the last committed step */
    private static void learn(
            RunLog runLog,
            TrainableCritic critic,
            StepSettings settings,
            Clock clock,
            Stopping stopping,
            Runnable recovered) {
        RunLog slim = runLog.without(critic.ofTokens() ? UNUSED_FOR_TOKENS : UNUSED);
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        slim.withPollLimit(settings.batchSize()),
                        RoleName.CRITIC,
                        List.of(
                                critic.ofTokens()
                                        ? runLog.topics().rollouts()
                                        : runLog.topics().prompts(),
                                runLog.topics().advantages()),
                        StepCommitter.publishing(critic));
                StepCommitter committer = new StepCommitter(log, slim, critic, settings, clock)) {
            List<EventRecord<?>> pending = new ArrayList<>();
            recovered.run();
            while (stopping.isRunning()) {
                boolean full = GroupBatch.has(pending, settings.groups());
                if (full) {
                    log.pause(runLog.topics().advantages());
                } else {
                    log.resume(runLog.topics().advantages());
                }
                List<Prompt> prompts = new ArrayList<>();
                List<Rollout> rollouts = new ArrayList<>();
                for (EventRecord<?> record : log.poll(full ? Duration.ZERO : POLL)) {
                    if (record.event() instanceof Prompt prompt) {
                        prompts.add(prompt);
                    } else if (record.event() instanceof Rollout rollout) {
                        rollouts.add(rollout);
                    } else {
                        pending.add(record);
                    }
                }
                if (!prompts.isEmpty()) {
                    score(log, runLog.topics(), critic, committer.current(), prompts, clock);
                    log.commit(pending);
                }
                if (!rollouts.isEmpty()) {
                    scoreTokens(log, runLog.topics(), critic, committer.current(), rollouts, clock);
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

    /**
     * Sends a value for each prompt that the critic can score. Invalid prompts get none, since the rollout producer
     * expires them; nor do follow-ups, whose group has the value of its prompt. If the critic alone cannot score a prompt, because of its chat template or its context, the request
     * expires too: its rollouts would wait for a value in vain.
     */
    private static void score(
            ExactlyOnceLog log,
            Topics topics,
            TrainableCritic critic,
            WeightsManifest version,
            List<Prompt> prompts,
            Clock clock) {
        List<Prompt> fitting = new ArrayList<>(prompts.size());
        List<int[]> tokens = new ArrayList<>(prompts.size());
        for (Prompt prompt : prompts) {
            if (PromptRules.violation(prompt) != null || prompt.getFollowUp() != null) {
                continue;
            }
            try {
                tokens.add(critic.tokens(prompt.getRequestId(), prompt.getMessages()));
                fitting.add(prompt);
            } catch (ConversationException e) {
                log.send(
                        topics.expired(),
                        prompt.getRequestId(),
                        unscorable(
                                prompt.getRequestId(),
                                null,
                                ExpiryReason.INVALID_PROMPT,
                                String.valueOf(e.getMessage()),
                                clock.instant()));
            }
        }
        float[] logits = critic.logits(tokens);
        Instant now = clock.instant();
        for (int i = 0; i < logits.length; i++) {
            String requestId = fitting.get(i).getRequestId();
            Value value = new Value(
                    requestId,
                    version.getVersion(),
                    version.getSha256(),
                    logits[i],
                    ValueLoss.probability(logits[i]),
                    null,
                    now,
                    fitting.get(i).getReleasedAt(),
                    null);
            log.send(topics.values(), requestId, value);
        }
    }

    /**
     * Sends the values of each rollout that the critic can score. Invalid rollouts get none, since the advantage stream
     * expires them. If the critic alone cannot score a rollout, because of its vocabulary or its context, the rollout
     * expires too.
     */
    private static void scoreTokens(
            ExactlyOnceLog log,
            Topics topics,
            TrainableCritic critic,
            WeightsManifest version,
            List<Rollout> rollouts,
            Clock clock) {
        List<Rollout> fitting = new ArrayList<>(rollouts.size());
        for (Rollout rollout : rollouts) {
            if (UNSCORED.contains(rollout.getPurpose()) || RolloutRules.violation(rollout) != null) {
                continue;
            }
            String refusal = critic.refusal(rollout);
            if (refusal == null) {
                fitting.add(rollout);
            } else {
                log.send(
                        topics.expired(),
                        rollout.getRequestId(),
                        unscorable(
                                rollout.getRequestId(),
                                rollout.getRolloutId(),
                                ExpiryReason.INVALID_ROLLOUT,
                                refusal,
                                clock.instant()));
            }
        }
        float[][] outputs = critic.tokenOutputs(fitting);
        Instant now = clock.instant();
        for (int i = 0; i < outputs.length; i++) {
            Rollout rollout = fitting.get(i);
            log.send(topics.values(), rollout.getRequestId(), critic.value(rollout, outputs[i], version, now));
        }
    }

    private static Expired unscorable(
            String requestId, @Nullable String rolloutId, ExpiryReason reason, String detail, Instant now) {
        return new Expired(
                requestId, rolloutId, reason, BoundedText.of(detail, BoundedText.REASON), RoleName.CRITIC, now, 0);
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
