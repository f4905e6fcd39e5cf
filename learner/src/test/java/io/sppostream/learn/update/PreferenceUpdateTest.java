package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.learn.TestModels;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.TokenSequence;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PreferenceUpdateTest {
    private final PolicyModel policy = PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
    private final PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, TestModels.TRAINING);

    @AfterEach
    void close() {
        trainer.close();
        policy.close();
    }

    private PolicyUpdate update(double rate, int miniBatches) {
        return new PolicyUpdate(
                trainer,
                new PolicyUpdateSettings(
                        PolicyObjective.of(TrainingRecipe.of(new TrainingRecipe.Preference(0.3, 50)), LossMean.TOKEN),
                        new ClippedPolicyLoss(0.2, 3),
                        false,
                        new LearningRate(rate, 0),
                        miniBatches,
                        0,
                        1));
    }

    /** A sample that is preferred to others. */
    private static PolicySample sample(String id, TokenSequence tokens, RejectedResponse... rejected) {
        int length = tokens.response().length;
        return new PolicySample(
                id, "r", tokens, new float[length], new double[length], new boolean[length], List.of(rejected), false);
    }

    private static List<PolicySample> pairs(int count) {
        List<TokenSequence> sequences = TestModels.sequences(2 * count, 3);
        return IntStream.range(0, count)
                .mapToObj(i -> sample(
                        "w" + i,
                        sequences.get(2 * i),
                        new RejectedResponse("l" + i, sequences.get(2 * i + 1)),
                        new RejectedResponse("l0", sequences.get(1))))
                .toList();
    }

    @Test
    void shouldBeginIndifferent() {
        try (PolicyUpdate update = update(0, 2)) {
            Map<String, Double> metrics = update.apply(1, pairs(6));

            assertThat(metrics.get("loss")).isCloseTo(Math.log(2), within(1e-6));
            assertThat(metrics).containsEntry("pairs", 12.0).containsEntry("preference_accuracy", 0.0);
            assertThat(metrics.get("preference_margin")).isCloseTo(0, within(1e-6));
        }
    }

    @Test
    void shouldLearnToPrefer() {
        try (PolicyUpdate update = update(1e-3, 1)) {
            Map<String, Double> first = update.apply(1, pairs(6));
            Map<String, Double> last = Map.of();
            for (int step = 2; step <= 40; step++) {
                last = update.apply(step, pairs(6));
            }

            assertThat(first.get("loss")).isCloseTo(Math.log(2), within(1e-6));
            assertThat(last.get("loss")).isLessThan(0.5);
            assertThat(last.get("preference_accuracy")).isGreaterThan(0.9);
        }
    }

    @Test
    void shouldMeasureTheSameInMiniBatchesOfAnySize() {
        try (PolicyUpdate one = update(0, 1);
                PolicyUpdate three = update(0, 3)) {
            Map<String, Double> whole = one.apply(1, pairs(6));
            Map<String, Double> cut = three.apply(1, pairs(6));
            assertThat(cut.get("loss")).isCloseTo(whole.get("loss"), within(1e-6));
            assertThat(cut.get("pairs")).isEqualTo(whole.get("pairs"));
        }
    }

    @Test
    void shouldIgnoreSamplesWithoutARejectedResponse() {
        TokenSequence tokens = TestModels.sequences(1, 5).get(0);
        try (PolicyUpdate update = update(1e-3, 2)) {
            float[] before = trainer.logProbs(List.of(tokens), 1)[0];

            assertThat(update.apply(1, List.of(sample("w", tokens))))
                    .containsEntry("pairs", 0.0)
                    .containsEntry("loss", 0.0)
                    .containsEntry("skipped_updates", 0.0);
            assertThat(trainer.logProbs(List.of(tokens), 1)[0]).containsExactly(before);
        }
    }
}
