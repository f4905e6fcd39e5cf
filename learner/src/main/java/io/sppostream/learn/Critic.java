package io.sppostream.learn;

import io.sppostream.events.Prompt;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.update.CriticUpdate;
import io.sppostream.learn.update.ValueLoss;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.loop.RoleThread;
import io.sppostream.model.CriticModel;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * prompts -> values, and advantages -> critic weights. Prompts are scored as they come, with V = sigmoid(z) of the
 * weights of the moment; whenever a whole batch of training samples is there, the first in order of arrival are trained
 * on as one step. Since a sample needs its prompt's value, no prompt is scored by weights that have seen its reward.
 * Samples that the policy lets go as stale are trained on too: a value is about the prompt, has no importance ratio, and
 * was made by this line; and a critic that had to know what the policy will do with a sample would have to wait for it.
 * The role is the one writer of the critic line: a second one fences the first, and goes on from the last version it
 * committed, as after a crash.
 */
public final class Critic implements AutoCloseable {
    /** How it trains. */
    public record Settings(
            StepSettings step, CriticUpdate.Settings update, OptimizerSettings optimizer, TrainingSettings training) {}

    private final RunLog runLog;
    private final CriticModel model;
    private final Tokenizer tokenizer;
    private final Settings settings;
    private final Clock clock;

    private final RoleThread thread;

    /**
     * Starts the role.
     *
     * @param model the start weights; trained in place, and not to be used by others
     * @param tokenizer the critic's own
     * @param onFailure told what stopped the role, if anything did
     */
    public Critic(
            RunLog runLog,
            CriticModel model,
            Tokenizer tokenizer,
            Settings settings,
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
        try (TrainableCritic critic = new TrainableCritic(
                model,
                tokenizer,
                settings.update(),
                settings.optimizer(),
                settings.training(),
                () -> !running.getAsBoolean())) {
            learn(runLog, critic, settings.step(), clock, running);
        }
    }

    /** The role's loop. */
    static void learn(
            RunLog runLog, TrainableCritic critic, StepSettings settings, Clock clock, BooleanSupplier running) {
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        runLog.kafka(),
                        runLog.serdes(),
                        runLog.topics().application(RoleName.CRITIC),
                        List.of(runLog.topics().prompts(), runLog.topics().advantages()),
                        StepCommitter.publishing(critic));
                StepCommitter committer = new StepCommitter(log, runLog, critic, settings, clock)) {
            List<EventRecord<?>> pending = new ArrayList<>();
            while (running.getAsBoolean()) {
                List<Prompt> prompts = new ArrayList<>();
                for (EventRecord<?> received : log.poll(Duration.ofMillis(200))) {
                    if (received.event() instanceof Prompt prompt) {
                        prompts.add(prompt);
                    } else {
                        pending.add(received);
                    }
                }
                if (!prompts.isEmpty()) {
                    score(log, runLog.topics(), critic, committer.current(), prompts, clock.instant());
                    log.commit(pending);
                }
                if (pending.size() >= settings.batchSize()) {
                    committer.step(pending, (step, metrics) -> {});
                }
            }
        }
    }

    /** A prompt that does not fit the critic gets no value; whatever answers it expires for want of one. */
    private static void score(
            ExactlyOnceLog log,
            Topics topics,
            TrainableCritic critic,
            WeightsManifest version,
            List<Prompt> prompts,
            Instant now) {
        List<Prompt> fitting = new ArrayList<>(prompts.size());
        List<int[]> tokens = new ArrayList<>(prompts.size());
        for (Prompt prompt : prompts) {
            int[] ids = critic.tokens(prompt.getRequestId(), prompt.getMessages());
            if (critic.fits(prompt.getRequestId(), ids)) {
                fitting.add(prompt);
                tokens.add(ids);
            }
        }
        float[] logits = critic.logits(tokens);
        for (int i = 0; i < logits.length; i++) {
            String requestId = fitting.get(i).getRequestId();
            Value value = new Value(
                    requestId,
                    version.getVersion(),
                    version.getSha256(),
                    logits[i],
                    ValueLoss.probability(logits[i]),
                    null,
                    now);
            log.send(topics.values(), requestId, value);
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
