package io.sppostream.learn;

import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.RoleThread;
import io.sppostream.log.Topics;
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
    /** The role's name. */
    public static final String ROLE = "policy-learner";

    /**
     * How it trains.
     *
     * @param maxLag published versions that a sample's oldest token may lag behind; what lags more expires. Pacing
     *     bounds the lag of samples that are trained in the order of their release; this one is for those that others
     *     overtake, and for prompts that no feed paces
     * @param breakers when it pauses
     */
    public record Settings(
            LineSettings line,
            int maxLag,
            CircuitBreakers.Settings breakers,
            PolicyUpdate.Settings update,
            OptimizerSettings optimizer,
            TrainingSettings training) {

        /** The same for recorded samples, which are as old as they are: none expires, and their ratios pause nothing. */
        public Settings unguarded() {
            CircuitBreakers.Settings off = new CircuitBreakers.Settings(0, 1, 1, breakers.window());
            return new Settings(line, Integer.MAX_VALUE, off, update, optimizer, training);
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
        try (PolicyLine policy = new PolicyLine(model, settings.update(), settings.optimizer(), settings.training())) {
            learn(kafka, serdes, topics, policy, settings, clock, running);
        }
    }

    /** The role's loop. */
    static void learn(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topics topics,
            LineModel policy,
            Settings settings,
            Clock clock,
            BooleanSupplier running) {
        int batchSize = settings.line().batchSize();
        CircuitBreakers breakers = new CircuitBreakers(settings.breakers());
        try (ExactlyOnceLog log = ExactlyOnceLog.sole(
                        kafka,
                        serdes,
                        topics.application(ROLE),
                        List.of(topics.advantages()),
                        LineWriter.publishing(policy));
                LineWriter line = new LineWriter(log, kafka, serdes, topics, policy, settings.line(), clock);
                PauseSwitch pause = new PauseSwitch(
                        log, kafka, serdes, topics, breakers, line.current().getPublishedAt(), clock)) {
            StaleSamples stale = new StaleSamples(log, topics, batchSize, settings.maxLag(), breakers, clock);
            List<Received<?>> pending = new ArrayList<>();
            while (running.getAsBoolean()) {
                boolean paused = pause.isPaused();
                log.want(!paused);
                pending.addAll(pause.arrived(log.poll(Duration.ofMillis(200))));
                boolean ready = !paused && pause.hasCaughtUp(pending);
                if (ready && stale.expire(pending, line.current().getVersion())) {
                    line.step(pending, pause::measured);
                }
                pause.settled(line.current().getStep(), pending);
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
