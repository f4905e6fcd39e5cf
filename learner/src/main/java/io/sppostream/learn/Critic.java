package io.sppostream.learn;

import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * prompts -> values, and advantages -> critic weights. Prompts are scored as they come, with V = sigmoid(z) of the
 * weights of the moment; whenever a whole batch of training samples is there, the first in order of arrival are trained
 * on as one step. Since a sample needs its prompt's value, no prompt is scored by weights that have seen its reward.
 * Samples that the policy lets go as stale are trained on too: a value is about the prompt, has no importance ratio, and
 * was made by this line; and a critic that had to know what the policy will do with a sample would have to wait for it.
 * The role is the one writer of the critic line: a second one fences the first.
 */
public final class Critic implements AutoCloseable {
    /** The role's name. */
    public static final String ROLE = "critic";

    /**
     * @param seed shuffles the samples of a step
     * @param batchSize samples a step
     * @param configurationSha256 hash of the run's configuration, for the ledger
     */
    public record Settings(
            long seed,
            int batchSize,
            CriticUpdate.Settings update,
            OptimizerSettings optimizer,
            TrainingSettings training,
            String configurationSha256) {}

    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final CriticModel model;
    private final Tokenizer tokenizer;
    private final Settings settings;
    private final Clock clock;

    /** Tokens of the prompts scored and not yet trained on, by request: each prompt is encoded once. */
    private final Map<String, int[]> promptTokens = new HashMap<>();

    private final RoleThread thread;

    /**
     * Starts the role.
     *
     * @param model the start weights; trained in place, and not to be used by others
     * @param tokenizer the critic's own
     * @param onFailure told what stopped the role, if anything did
     */
    public Critic(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            CriticModel model,
            Tokenizer tokenizer,
            Settings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.kafka = kafka;
        this.serdes = serdes;
        this.topics = topics;
        this.model = model;
        this.tokenizer = tokenizer;
        this.settings = settings;
        this.clock = clock;
        this.thread = new RoleThread(ROLE, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        String role = topics.application(ROLE);
        try (ExactlyOnceLog log =
                        new ExactlyOnceLog(kafka, serdes, role, role, List.of(topics.prompts(), topics.advantages()));
                CriticTrainer trainer = new CriticTrainer(model, settings.optimizer(), settings.training())) {
            CriticUpdate update = new CriticUpdate(trainer, settings.update());
            LineWriter line = new LineWriter(
                    log,
                    topics,
                    WeightLine.CRITIC,
                    model.configJson(),
                    model::writeWeights,
                    settings.configurationSha256(),
                    clock);
            List<Received<?>> pending = new ArrayList<>();
            while (running.getAsBoolean()) {
                List<Prompt> prompts = new ArrayList<>();
                for (Received<?> received : log.poll(Duration.ofMillis(200))) {
                    if (received.event() instanceof Prompt prompt) {
                        prompts.add(prompt);
                    } else {
                        pending.add(received);
                    }
                }
                if (!prompts.isEmpty()) {
                    score(log, line, prompts);
                    log.commit(pending);
                }
                if (pending.size() >= settings.batchSize()) {
                    step(update, line, pending);
                }
            }
        }
    }

    /** A prompt that does not fit the critic gets no value; whatever answers it expires for want of one. */
    private void score(ExactlyOnceLog log, LineWriter line, List<Prompt> prompts) {
        List<Prompt> fitting = new ArrayList<>(prompts.size());
        List<int[]> tokens = new ArrayList<>(prompts.size());
        for (Prompt prompt : prompts) {
            int[] ids = PromptTokens.of(tokenizer, prompt.getMessages());
            if (ids.length > 0 && ids.length <= model.config().maxPositions()) {
                fitting.add(prompt);
                tokens.add(ids);
                promptTokens.put(prompt.getRequestId(), ids);
            }
        }
        float[] logits = model.logits(tokens);
        Instant now = clock.instant();
        for (int i = 0; i < logits.length; i++) {
            String requestId = fitting.get(i).getRequestId();
            Value value = new Value(
                    requestId,
                    line.current().getVersion(),
                    line.current().getSha256(),
                    logits[i],
                    ValueLoss.probability(logits[i]),
                    null,
                    now);
            log.send(topics.values(), requestId, value);
        }
    }

    private void step(CriticUpdate update, LineWriter line, List<Received<?>> pending) {
        Instant startedAt = clock.instant();
        List<Received<?>> batch = pending.subList(0, settings.batchSize());
        List<Arrival> order = Arrival.inTrainingOrder(batch, settings.seed(), line.nextStep());
        Map<String, Double> metrics = update.apply(
                line.nextStep(),
                order.stream().map(arrival -> criticSample(arrival.sample())).toList());
        int fromVersion = line.current().getVersion();
        ToDoubleFunction<Arrival> lag =
                arrival -> fromVersion - value(arrival.sample()).getCriticVersion();
        metrics.put(
                "value_mean",
                Arrival.mean(order, arrival -> value(arrival.sample()).getProbability()));
        metrics.put("seconds_updating", LineWriter.seconds(startedAt, clock.instant()));
        batch.clear();
        line.commitStep(Arrival.ledger(order, lag), metrics, startedAt, pending);
    }

    private CriticSample criticSample(TrainingSample sample) {
        int[] tokens = promptTokens.remove(sample.getRollout().getRequestId());
        return new CriticSample(
                sample.getRollout().getRolloutId(),
                tokens == null ? PromptTokens.of(tokenizer, sample.getRollout().getMessages()) : tokens,
                sample.getReward(),
                value(sample).getProbability());
    }

    private static Value value(TrainingSample sample) {
        return Objects.requireNonNull(sample.getValue(), "a sample for the critic has the critic's value");
    }

    @Override
    public void close() {
        thread.close();
    }
}
