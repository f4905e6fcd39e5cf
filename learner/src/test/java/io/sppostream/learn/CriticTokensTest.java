package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.events.list.FloatList;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.log.RunLog;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ScoredTokens;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What a critic of tokens says of rollouts. */
class CriticTokensTest {
    private final Topics topics = new Topics("test", 1);
    private final MemoryLog log = new MemoryLog(new Random(1), Clock.systemUTC(), MemoryLog.QUIET);
    private final RunLog runLog = new RunLog(TestEvents.kafka(log), TestEvents.SERDES, topics);

    private static Rollout rollout(int index) {
        return TestEvents.sample(index, 0, TestEvents.value(index, 0), Instant.EPOCH)
                .getRollout();
    }

    private void append(Rollout rollout) {
        log.append(
                new TopicPartition(topics.rollouts().name(), 0),
                rollout.getRequestId().getBytes(UTF_8),
                TestEvents.bytes(topics.rollouts(), rollout));
    }

    private <V extends SpecificRecord> List<V> committed(Topic<V> topic) {
        return log.committed(new TopicPartition(topic.name(), 0)).stream()
                .map(record -> TestEvents.event(topic, record.value()))
                .toList();
    }

    private void learn(CriticModel model, int values) {
        CriticObjective objective = new CriticObjective(CriticKind.TOKEN, Function.BINARY_CROSS_ENTROPY, 0);
        try (TrainableCritic critic = new TrainableCritic(
                model,
                messages -> {
                    throw new AssertionError("it reads no prompts of its own");
                },
                new CriticUpdateSettings(objective, new LearningRate(1e-2, 0), 2),
                TestModels.ADAM,
                TestModels.TRAINING)) {
            StepSettings step = new StepSettings(1, 16, 50, 100_000, "configuration");
            Critic.learn(
                    runLog,
                    critic,
                    step,
                    Clock.systemUTC(),
                    new Stopping(() -> committed(topics.values()).size() < values));
        }
    }

    @Test
    void shouldGiveAValueBeforeEachTokenOfARollout() {
        append(rollout(1));
        append(rollout(2));
        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu())) {
            learn(model, 2);

            assertThat(committed(topics.values())).hasSize(2).allSatisfy(value -> {
                Rollout rollout = rollout(Integer.parseInt(value.getRequestId().substring(2)));
                float[] outputs = model.scores(List.of(ScoredTokens.ofResponse(PolicySample.tokens(rollout))))[0];
                assertThat(value.getRolloutId()).isEqualTo(rollout.getRolloutId());
                assertThat(value.getLogit()).isEqualTo(outputs[0]);
                assertThat(FloatList.toArray(requireNonNull(value.getTokenValues())))
                        .hasSameSizeAs(rollout.getResponseTokens())
                        .containsExactly(new CriticObjective(CriticKind.TOKEN, Function.BINARY_CROSS_ENTROPY, 0)
                                .values(outputs));
                assertThat(value.getCriticVersion()).isZero();
            });
        }
    }

    @Test
    void shouldExpireWhatItAloneCannotReadAndPassOverWhatNeedsNoValue() {
        Rollout stranger = Rollout.newBuilder(rollout(1))
                .setPromptTokens(List.of(TestModels.CONFIG.vocabularySize()))
                .build();
        Rollout evidence = Rollout.newBuilder(rollout(2))
                .setPurpose(RequestPurpose.PREFIX_VALUE)
                .build();
        Float[] nan = new Float[rollout(3).getResponseTokens().size()];
        Arrays.fill(nan, Float.NaN);
        Rollout invalid = Rollout.newBuilder(rollout(3))
                .setBehaviourLogProbs(Arrays.asList(nan))
                .build();
        Rollout tooLong = Rollout.newBuilder(rollout(4))
                .setPromptTokens(Collections.nCopies(TestModels.CONFIG.maxPositions() + 1, 1))
                .build();
        List.of(stranger, evidence, invalid, tooLong, rollout(5)).forEach(this::append);
        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu())) {
            learn(model, 1);
        }

        assertThat(committed(topics.values())).extracting(Value::getRolloutId).containsExactly("r-5/0");
        assertThat(committed(topics.expired()))
                .extracting(Expired::getRolloutId, Expired::getReason, Expired::getDecidedBy)
                .containsExactlyInAnyOrder(
                        tuple("r-1/0", ExpiryReason.INVALID_ROLLOUT, "critic"),
                        tuple("r-4/0", ExpiryReason.INVALID_ROLLOUT, "critic"));
    }
}
