package io.sppostream.learn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.events.list.FloatList;
import io.sppostream.learn.update.Calibration;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.CriticUpdateSettings;
import io.sppostream.learn.update.LearningRate;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CriticSamplesTest {
    private final Topic<TrainingSample> topic = new Topics("test", 1).advantages();
    private final List<TrainingSample> full = IntStream.range(0, 8)
            .mapToObj(i -> TestEvents.sample(i, 3, TestEvents.value(i, i), Instant.EPOCH))
            .toList();
    private final List<TrainingSample> slim = full.stream().map(this::slim).toList();

    private TrainingSample slim(TrainingSample sample) {
        return TestEvents.SERDES
                .without(Critic.UNUSED)
                .deserializer(topic)
                .deserialize(topic.name(), TestEvents.bytes(topic, sample));
    }

    @Test
    void shouldHoldSamplesWithoutTheirResponses() {
        assertThat(slim).extracting(TrainingSample::getRollout).allSatisfy(rollout -> {
            assertThat(rollout.getResponseTokens()).isEmpty();
            assertThat(rollout.getBehaviourLogProbs()).isEmpty();
            assertThat(rollout.getMessages()).hasSize(1);
        });
    }

    @Test
    void shouldTrainOnSlimSamplesAsOnFullOnes() {
        assertThat(train(slim)).isEqualTo(train(full));
    }

    private static Map<String, Double> train(List<TrainingSample> samples) {
        return train(samples, CriticObjective.SPPO);
    }

    private static TrainableCritic critic(CriticModel model, CriticObjective objective) {
        return new TrainableCritic(
                model,
                messages -> new int[] {Integer.parseInt(messages.get(0).getContent())},
                new CriticUpdateSettings(objective, new LearningRate(1e-2, 0), 2),
                TestModels.ADAM,
                TestModels.TRAINING);
    }

    private static Map<String, Double> train(List<TrainingSample> samples, CriticObjective objective) {
        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                TrainableCritic critic = critic(model, objective)) {
            Map<String, Double> metrics = critic.train(1, "", samples);
            metrics.put("weights", (double) model.logits(List.of(new int[] {1, 2}))[0]);
            samples.forEach(sample -> metrics.merge("versions", (double) critic.versionOf(sample), Double::sum));
            return metrics;
        }
    }

    /** A sample with a value before each token. */
    private static TrainingSample ofTokens(int i) {
        TrainingSample sample = TestEvents.sample(i, 3, TestEvents.value(i, i), Instant.EPOCH);
        int tokens = sample.getRollout().getResponseTokens().size();
        float[] values = new float[tokens];
        Arrays.fill(values, 0.25f);
        return TrainingSample.newBuilder(sample)
                .setRollout(
                        Rollout.newBuilder(sample.getRollout()).setText("text").build())
                .setValue(Value.newBuilder(TestEvents.value(i, i))
                        .setRolloutId(sample.getRollout().getRolloutId())
                        .setTokenValues(FloatList.of(values))
                        .build())
                .build();
    }

    private static TrainingSample decoded(Topic<TrainingSample> topic, TrainingSample sample, Set<String> without) {
        return TestEvents.SERDES
                .without(without)
                .deserializer(topic)
                .deserialize(topic.name(), TestEvents.bytes(topic, sample));
    }

    /** Both kinds of critic have the calibration of the values of prompts. */
    @Test
    void shouldMeasureTheCalibrationOfPromptValues() {
        List<TrainingSample> samples =
                IntStream.range(0, 8).mapToObj(CriticSamplesTest::ofTokens).toList();
        double[] values = samples.stream()
                .mapToDouble(sample -> requireNonNull(sample.getValue()).getProbability())
                .toArray();
        double[] rewards =
                samples.stream().mapToDouble(TrainingSample::getReward).toArray();
        for (CriticKind kind : List.of(CriticKind.PROMPT, CriticKind.TOKEN)) {
            CriticObjective objective = new CriticObjective(kind, Function.SQUARED_ERROR, 0.5);
            try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                    TrainableCritic critic = critic(model, objective)) {
                assertThat(critic.calibration(samples)).isEqualTo(Calibration.bins(values, rewards));
                Map<String, Double> metrics = critic.train(1, "", samples);
                assertThat(metrics).containsAllEntriesOf(Calibration.metrics(values, rewards));
                assertThat(metrics.get("update_flops")).isPositive();
                assertThat(metrics.get("value_std")).isNotNegative();
                assertThat(metrics.keySet())
                        .allSatisfy(name -> assertThat(StepMetric.of(name)).isPresent());
            }
        }
    }

    @Test
    void shouldTrainTokensOnSlimSamplesAsOnFullOnes() {
        List<TrainingSample> full =
                IntStream.range(0, 8).mapToObj(CriticSamplesTest::ofTokens).toList();
        List<TrainingSample> slim = full.stream()
                .map(sample -> decoded(topic, sample, Critic.UNUSED_FOR_TOKENS))
                .toList();
        CriticObjective objective = new CriticObjective(CriticKind.TOKEN, Function.SQUARED_ERROR, 0.5);

        assertThat(slim).extracting(sample -> sample.getRollout().getText()).containsOnly("");
        assertThat(train(slim, objective)).isEqualTo(train(full, objective));
    }

    @Test
    void shouldRefuseASampleWithoutUsableValuesOfItsTokens() {
        CriticObjective objective = new CriticObjective(CriticKind.TOKEN, Function.SQUARED_ERROR, 0.5);
        try (CriticModel model = CriticModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
                TrainableCritic critic = critic(model, objective)) {
            TrainingSample good = ofTokens(1);
            Value value = requireNonNull(good.getValue());
            float[] bad = FloatList.toArray(requireNonNull(value.getTokenValues()));
            bad[0] = Float.NaN;
            TrainingSample nan = TrainingSample.newBuilder(good)
                    .setValue(Value.newBuilder(value)
                            .setTokenValues(FloatList.of(bad))
                            .build())
                    .build();
            assertThat(critic.refusal(good)).isNull();
            assertThat(critic.refusal(nan)).startsWith("the value before response token 0 is NaN");
            assertThat(critic.refusal(full.get(0))).matches("0 values for \\d response tokens");
        }
    }
}
