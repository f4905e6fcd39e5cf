package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.model.ModelSettings.Precision;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;

/** A policy that a learner has written to an in-memory log: two samples per step, a snapshot every third version. */
final class LearnedModel {
    static final int BATCH = 2;
    static final int SNAPSHOTS = 3;
    private static final int WORDS = 6;

    private static final class Killed extends Error {}

    final Topics topics = new Topics("test", 1);
    final MemoryLog log = new MemoryLog(new Random(1), Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), MemoryLog.QUIET);
    final KafkaSettings kafka = TestEvents.kafka(log);

    /** A learner that is killed after some steps. */
    LearnedModel(int steps) {
        log.hurry();
        append(steps);
        try {
            learn(steps, start(), true);
        } catch (Killed e) {
            // As intended.
        }
    }

    /** Appends the samples of some steps. */
    private void append(int steps) {
        for (int i = 0, first = samples(); i < steps * BATCH; i++) {
            log.append(
                    at(topics.advantages()),
                    TestEvents.requestId(first + i).getBytes(UTF_8),
                    TestEvents.bytes(
                            topics.advantages(),
                            TestEvents.sample(first + i, 0, TestEvents.value(first + i, 0), Instant.EPOCH)));
        }
    }

    private int samples() {
        return log.committed(at(topics.advantages())).size();
    }

    /** A learner that trains more steps, and then stops cleanly. */
    void learnMore(int steps, TrainableModel model) {
        append(steps);
        learn(steps, model, false);
    }

    private void learn(int steps, TrainableModel model, boolean killed) {
        AtomicInteger polls = new AtomicInteger(2 * steps + 2);
        PolicyLearner.learn(
                new RunLog(kafka, TestEvents.SERDES, topics),
                model,
                new PolicyLearnerSettings(
                        new StepSettings(1, BATCH, SNAPSHOTS, 32, "configuration"),
                        Integer.MAX_VALUE,
                        new CircuitBreakerSettings(0, 1, 1, 1),
                        LedgerSimulationTest.UPDATE,
                        TestModels.ADAM,
                        TestModels.TRAINING,
                        Precision.FLOAT32),
                Clock.fixed(Instant.EPOCH, ZoneOffset.UTC),
                new Stopping(() -> {
                    boolean learning = polls.getAndDecrement() > 0;
                    if (!learning && killed) {
                        throw new Killed();
                    }
                    return learning;
                }));
    }

    static HashModel start() {
        return new HashModel(WORDS);
    }

    static TopicPartition at(Topic<?> topic) {
        return LedgerWorld.partition(topic, 0);
    }

    <V extends SpecificRecord> List<V> events(Topic<V> topic) {
        return log.committed(at(topic)).stream()
                .map(each -> TestEvents.event(topic, each.value()))
                .toList();
    }

    List<TrainingStep> ledger() {
        return events(topics.trainingSteps());
    }

    List<WeightsManifest> versions() {
        return events(topics.versions(ModelKind.POLICY));
    }
}
