package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.guard.CircuitBreakerSettings;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.log.RunLog;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import java.time.Clock;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What the learners hold while there are 100 batches to train on. */
class BacklogTest {
    private static final int BATCH = 16;
    private static final int BATCHES = 100;

    private final Topics topics = new Topics("test", 1);
    private final MemoryLog log = new MemoryLog(new Random(1), Clock.systemUTC(), MemoryLog.QUIET);
    private final RunLog runLog = new RunLog(TestEvents.kafka(log), TestEvents.SERDES, topics);
    private final StepSettings step = new StepSettings(1, BATCH, 50, 100_000, "configuration");

    private <V extends SpecificRecord> void append(Topic<V> topic, int index, V event) {
        log.append(
                new TopicPartition(topic.name(), 0),
                TestEvents.requestId(index).getBytes(UTF_8),
                TestEvents.bytes(topic, event));
    }

    private void appendSamples() {
        for (int i = 0; i < BATCHES * BATCH; i++) {
            append(
                    topics.advantages(),
                    i,
                    TestEvents.sample(
                            i, 0, TestEvents.value(i, 0), Clock.systemUTC().instant()));
        }
        log.flood();
    }

    private BooleanSupplier untilTrained(ModelKind kind) {
        return () -> log.committed(new TopicPartition(topics.versions(kind).name(), 0))
                        .size()
                <= BATCHES;
    }

    @Test
    void shouldHoldLessThanTwoBatchesWhenThePolicyLearnerIsBehind() {
        appendSamples();

        PolicyLearner.learn(
                runLog,
                new HashModel(4),
                new PolicyLearnerSettings(
                        step,
                        Integer.MAX_VALUE,
                        new CircuitBreakerSettings(0, 1, 1, 1),
                        LedgerSimulationTest.UPDATE,
                        TestModels.ADAM,
                        TestModels.TRAINING,
                        Precision.FLOAT32),
                Clock.systemUTC(),
                new Stopping(untilTrained(ModelKind.POLICY)));

        assertThat(log.consumed(new TopicPartition(topics.advantages().name(), 0)))
                .isEqualTo(BATCHES * BATCH);
        assertThat(log.held(topics.advantages())).isBetween((long) BATCH, 2L * BATCH);
    }

    @Test
    void shouldScorePromptsAndHoldLessThanTwoBatchesWhenTheCriticIsBehind() {
        appendSamples();
        int prompts = 10 * BATCH;
        for (int i = 0; i < prompts; i++) {
            append(topics.prompts(), i, TestEvents.prompt(i));
        }

        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                TrainableCritic critic = new TrainableCritic(
                        model,
                        messages -> new int[] {1, 2, 3},
                        new CriticUpdateSettings(CriticObjective.SPPO, new LearningRate(1e-2, 0), 2),
                        TestModels.ADAM,
                        TestModels.TRAINING)) {
            Critic.learn(runLog, critic, step, Clock.systemUTC(), new Stopping(untilTrained(ModelKind.CRITIC)));
        }

        assertThat(log.held(topics.advantages())).isBetween((long) BATCH, 2L * BATCH);
        assertThat(log.consumed(new TopicPartition(topics.prompts().name(), 0))).isEqualTo(prompts);
    }
}
