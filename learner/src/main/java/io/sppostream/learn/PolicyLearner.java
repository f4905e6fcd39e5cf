package io.sppostream.learn;

import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TrainingSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * advantages -> policy weights. Whenever a whole batch of training samples is there, the first in order of arrival are
 * trained on as one step, and the new weights, their manifest, the ledger record and the consumed offsets are committed
 * in one transaction. Samples of too old a policy expire on the way ({@link StaleSamples}), and where a circuit breaker
 * trips it pauses ({@link PauseSwitch}). The role is the one writer of the policy line: a second one fences the first.
 */
public final class PolicyLearner implements AutoCloseable {
    /** The role's name. */
    public static final String ROLE = "policy-learner";

    /**
     * @param seed shuffles the samples of a step
     * @param batchSize samples a step
     * @param maxLag published versions that a sample's oldest token may lag behind; what lags more expires. Pacing
     *     bounds the lag of samples that are trained in the order of their release; this one is for those that others
     *     overtake, and for prompts that no feed paces
     * @param breakers when it pauses
     * @param configurationSha256 hash of the run's configuration, for the ledger
     */
    public record Settings(
            long seed,
            int batchSize,
            int maxLag,
            CircuitBreakers.Settings breakers,
            PolicyUpdate.Settings update,
            OptimizerSettings optimizer,
            TrainingSettings training,
            String configurationSha256) {

        /** The same for recorded samples, which are as old as they are: none expires, and their ratios pause nothing. */
        public Settings unguarded() {
            CircuitBreakers.Settings off = new CircuitBreakers.Settings(0, 1, 1, breakers.window());
            return new Settings(
                    seed, batchSize, Integer.MAX_VALUE, off, update, optimizer, training, configurationSha256);
        }
    }

    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
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
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            PolicyModel model,
            Settings settings,
            Clock clock,
            Consumer<Throwable> onFailure) {
        this.kafka = kafka;
        this.serdes = serdes;
        this.topics = topics;
        this.model = model;
        this.settings = settings;
        this.clock = clock;
        this.thread = new RoleThread(ROLE, this::run, onFailure);
    }

    private void run(BooleanSupplier running) {
        String role = topics.application(ROLE);
        try (ExactlyOnceLog log = new ExactlyOnceLog(kafka, serdes, role, role, List.of(topics.advantages()));
                PolicyTrainer trainer = new PolicyTrainer(model, settings.optimizer(), settings.training())) {
            PolicyUpdate update = new PolicyUpdate(trainer, settings.update());
            LineWriter line = new LineWriter(
                    log,
                    topics,
                    WeightLine.POLICY,
                    model.configJson(),
                    model::writeWeights,
                    settings.configurationSha256(),
                    clock);
            CircuitBreakers breakers = new CircuitBreakers(settings.breakers());
            StaleSamples stale =
                    new StaleSamples(log, topics, settings.batchSize(), settings.maxLag(), breakers, clock);
            List<Received<?>> pending = new ArrayList<>();
            Instant waitingSince = clock.instant();
            Instant lastCommit = line.current().getPublishedAt();
            try (PauseSwitch pause = new PauseSwitch(log, kafka, serdes, topics, breakers, lastCommit, clock)) {
                while (running.getAsBoolean()) {
                    boolean paused = pause.isPaused();
                    log.want(!paused);
                    pending.addAll(pause.arrived(log.poll(Duration.ofMillis(200))));
                    if (!paused && stale.expire(pending, line.current().getVersion())) {
                        waitingSince = step(update, line, pause, pending, waitingSince);
                    }
                    pause.settled(line.current().getStep(), pending);
                }
            }
        }
    }

    private Instant step(
            PolicyUpdate update, LineWriter line, PauseSwitch pause, List<Received<?>> pending, Instant waitingSince) {
        Instant startedAt = clock.instant();
        List<Received<?>> batch = pending.subList(0, settings.batchSize());
        List<Arrival> order = Arrival.inTrainingOrder(batch, settings.seed(), line.nextStep());
        Map<String, Double> metrics = update.apply(
                line.nextStep(),
                order.stream()
                        .map(Arrival::sample)
                        .map(sample -> PolicySample.of(sample.getRollout(), sample.getSegments()))
                        .toList());
        int fromVersion = line.current().getVersion();
        ToDoubleFunction<Arrival> lag =
                arrival -> StaleSamples.lag(arrival.sample().getRollout(), fromVersion);
        metrics.put("policy_lag_mean", Arrival.mean(order, lag));
        metrics.put("policy_lag_max", Arrival.max(order, lag));
        metrics.put(
                "reward_mean", Arrival.mean(order, arrival -> arrival.sample().getReward()));
        metrics.put("seconds_waiting", LineWriter.seconds(waitingSince, startedAt));
        metrics.put("seconds_updating", LineWriter.seconds(startedAt, clock.instant()));
        batch.clear();
        pause.measured(line.nextStep(), metrics);
        line.commitStep(Arrival.ledger(order, lag), metrics, startedAt, pending);
        return clock.instant();
    }

    @Override
    public void close() {
        thread.close();
    }
}
