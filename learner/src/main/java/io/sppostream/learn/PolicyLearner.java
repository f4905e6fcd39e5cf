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
 * in one transaction. The role is the one writer of the policy line: a second one fences the first, and goes on from
 * the last version it committed, as after a crash.
 */
public final class PolicyLearner implements AutoCloseable {
    /** The role's name. */
    public static final String ROLE = "policy-learner";

    /** How it trains. */
    public record Settings(
            LineSettings line, PolicyUpdate.Settings update, OptimizerSettings optimizer, TrainingSettings training) {}

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
        try (ExactlyOnceLog log =
                        ExactlyOnceLog.sole(kafka, serdes, topics.application(ROLE), List.of(topics.advantages()));
                PolicyLine policy =
                        new PolicyLine(model, settings.update(), settings.optimizer(), settings.training());
                LineWriter line = new LineWriter(log, kafka, serdes, topics, policy, settings.line(), clock)) {
            List<Received<?>> pending = new ArrayList<>();
            while (running.getAsBoolean()) {
                pending.addAll(log.poll(Duration.ofMillis(200)));
                if (pending.size() >= settings.line().batchSize()) {
                    line.step(pending);
                }
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
