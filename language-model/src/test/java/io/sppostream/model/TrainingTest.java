package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingTest {

    private static final List<TokenSequence> BATCH = TestModels.sequences(37, 1);

    /** Raises the probability of every response in proportion to its place in the batch. */
    private static final TokenLoss LOSS = (i, logProbs) -> {
        float[] gradient = new float[logProbs.length];
        Arrays.fill(gradient, -(i + 1) / 1000f);
        return gradient;
    };

    private static byte[] weights(PolicyModel policy) {
        return TestModels.bytes(policy::writeWeights);
    }

    private static byte[] trained(TrainingSettings settings, int steps) {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, settings)) {
            for (int step = 0; step < steps; step++) {
                trainer.update(BATCH, 1, 1e-3, LOSS);
            }
            return weights(policy);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldGiveTheSameBitsWhateverTheThreads(int threads) {
        byte[] expected = trained(new TrainingSettings(48, 2, false), 3);
        for (int run = 0; run < 3; run++) {
            assertThat(trained(new TrainingSettings(48, threads, false), 3)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldGiveTheModelsLogProbsWhateverTheThreads(int threads) {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer one = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 1, false));
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, threads, false))) {
            trainer.update(BATCH, 0.7, 1e-3, LOSS);
            float[][] logProbs = trainer.logProbs(BATCH, 0.7);

            assertThat(logProbs).isDeepEqualTo(one.logProbs(BATCH, 0.7));
            float[][] expected = policy.logProbs(BATCH, 0.7);
            for (int i = 0; i < expected.length; i++) {
                assertThat(logProbs[i]).containsExactly(expected[i], within(1e-5f));
            }
            assertThat(trainer.update(BATCH, 0.7, 1e-3, LOSS).applied())
                    .as("training continues")
                    .isTrue();
        }
    }

    @Test
    void shouldLeaveACopyAsItIsWhenThePolicyIsTrained() {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 2, false));
                PolicyModel copy = trainer.reference()) {
            byte[] start = weights(policy);
            float[][] expected = trainer.logProbs(BATCH, 0.7);

            trainer.update(BATCH, 0.7, 1e-3, LOSS);

            assertThat(weights(policy)).isNotEqualTo(start);
            assertThat(weights(copy)).isEqualTo(start);
            assertThat(trainer.logProbs(copy, BATCH, 0.7)).isDeepEqualTo(expected);
        }
    }

    @Test
    void shouldAddUpMicroBatchesToTheWholeBatch() {
        try (PolicyModel whole = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyModel pieces = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer one = new PolicyTrainer(whole, TestModels.ADAM, new TrainingSettings(100_000, 1, false));
                PolicyTrainer many = new PolicyTrainer(pieces, TestModels.ADAM, new TrainingSettings(20, 2, false))) {
            double expected = one.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm();
            assertThat(many.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm()).isCloseTo(expected, within(1e-5 * expected));
            assertThat(many.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm())
                    .isCloseTo(one.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm(), within(1e-4 * expected));
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 1", "true, 3", "false, 2"})
    void shouldTakeTheSameStepWithGradientCheckpointing(boolean tied, int layers) {
        ModelConfig config = new ModelConfig(11, 32, layers, 4, 2, 48, 128, tied, 1e-6, 10_000);
        try (PolicyModel plain = PolicyModel.random(config, 1, TestModels.settings());
                PolicyModel checkpointing = PolicyModel.random(config, 1, TestModels.settings());
                PolicyTrainer one = new PolicyTrainer(plain, TestModels.ADAM, new TrainingSettings(48, 2, false));
                PolicyTrainer other =
                        new PolicyTrainer(checkpointing, TestModels.ADAM, new TrainingSettings(48, 2, true))) {
            for (int step = 0; step < 3; step++) {
                double norm = one.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm();
                assertThat(other.update(BATCH, 0.7, 1e-3, LOSS).gradientNorm()).isCloseTo(norm, within(1e-4 * norm));
            }
            float[][] expected = plain.logProbs(BATCH, 1);
            float[][] actual = checkpointing.logProbs(BATCH, 1);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).containsExactly(expected[i], within(1e-4f));
            }
        }
    }

    @Test
    void shouldTakeTheCriticsStepWithGradientCheckpointing() {
        List<int[]> prompts = BATCH.stream().map(TokenSequence::prompt).toList();
        float[][] logits = new float[2][];
        double[] norms = new double[2];
        for (int run = 0; run < 2; run++) {
            try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                    CriticTrainer trainer =
                            new CriticTrainer(critic, TestModels.ADAM, new TrainingSettings(30, 2, run == 1))) {
                for (int step = 0; step < 3; step++) {
                    norms[run] += trainer.update(TestModels.scored(prompts), 1e-2, (i, z) -> new float[] {z[0] - i % 2})
                            .gradientNorm();
                }
                logits[run] = critic.logits(prompts);
            }
        }
        assertThat(norms[1]).isCloseTo(norms[0], within(1e-4 * norms[0]));
        assertThat(logits[1]).containsExactly(logits[0], within(1e-4f));
    }

    @Test
    void shouldComeCloseInBfloat16() {
        ModelSettings half = TestModels.settings(ModelSettings.Precision.BFLOAT16);
        try (PolicyModel single = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, half);
                PolicyTrainer one = new PolicyTrainer(single, TestModels.ADAM, new TrainingSettings(48, 2, false));
                PolicyTrainer other = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(48, 2, false))) {
            assertThat(weights(policy)).isEqualTo(weights(single));
            float[][] expected = single.logProbs(BATCH, 1);
            float[][] actual = policy.logProbs(BATCH, 1);
            assertThat(actual[0]).isNotEqualTo(expected[0]);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).containsExactly(expected[i], within(0.03f));
            }
            double norm = one.update(BATCH, 1, 1e-3, LOSS).gradientNorm();
            assertThat(other.update(BATCH, 1, 1e-3, LOSS).gradientNorm()).isCloseTo(norm, within(0.03 * norm));
        }
    }

    @Test
    void shouldCallTheLossOnceASequenceWithItsLogProbs() {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            float[][] expected = policy.logProbs(BATCH, 0.7);
            AtomicIntegerArray calls = new AtomicIntegerArray(BATCH.size());
            trainer.update(BATCH, 0.7, 0, (i, logProbs) -> {
                calls.incrementAndGet(i);
                assertThat(logProbs).containsExactly(expected[i], within(1e-5f));
                return new float[logProbs.length];
            });
            for (int i = 0; i < BATCH.size(); i++) {
                assertThat(calls.get(i)).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldChangeNothingWhenTheNormIsNotFinite() {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            trainer.update(BATCH, 1, 1e-3, LOSS);
            byte[] weights = weights(policy);
            byte[] state = TestModels.bytes(trainer::writeOptimizerState);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
                UpdateResult result = trainer.update(BATCH, 1, 1e-3, (i, logProbs) -> {
                    float[] gradient = LOSS.gradient(i, logProbs);
                    gradient[0] = i == 5 ? bad : gradient[0];
                    return gradient;
                });
                assertThat(result.applied()).isFalse();
                assertThat(result.gradientNorm()).isNotFinite();
            }
            assertThat(weights(policy)).isEqualTo(weights);
            assertThat(TestModels.bytes(trainer::writeOptimizerState)).isEqualTo(state);
        }
    }

    @Test
    void shouldPassOnAFailureOfTheLossWithTheWeightsAsTheyWere() {
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            byte[] weights = weights(policy);
            assertThatThrownBy(() -> trainer.update(BATCH, 1, 1e-3, (i, logProbs) -> {
                        if (i == 20) {
                            throw new IllegalStateException("no advantage for sequence 20");
                        }
                        return LOSS.gradient(i, logProbs);
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("sequence 20");
            assertThatThrownBy(() -> trainer.update(BATCH, 1, 1e-3, (i, logProbs) -> new float[77]))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("77");
            assertThat(weights(policy)).isEqualTo(weights);
            assertThat(trainer.update(BATCH, 1, 1e-3, LOSS).applied()).isTrue();
        }
    }

    @Test
    void shouldContinueFromSavedWeightsAndStateAsIfNothingHadHappened() throws Exception {
        byte[] weights;
        byte[] state;
        byte[] expected;
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            trainer.update(BATCH, 1, 1e-3, LOSS);
            trainer.update(BATCH, 1, 1e-3, LOSS);
            weights = weights(policy);
            state = TestModels.bytes(trainer::writeOptimizerState);
            trainer.update(BATCH, 1, 1e-3, LOSS);
            expected = weights(policy);
        }
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 2, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(40, 2, false))) {
            policy.readWeights(TestModels.channel(weights));
            trainer.readOptimizerState(TestModels.channel(state));
            trainer.update(BATCH, 1, 1e-3, LOSS);
            assertThat(weights(policy)).isEqualTo(expected);
        }
    }

    /** Without clipping, a first AdamW step moves a weight by rate x sign(gradient) + rate x decay x weight. */
    @Test
    void shouldDecayWeightsApartFromTheGradient() {
        OptimizerSettings settings = new OptimizerSettings(0.9, 0.999, 1e-12, 0.1, Double.POSITIVE_INFINITY);
        try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                CriticTrainer trainer = new CriticTrainer(critic, settings, new TrainingSettings(64, 1, false))) {
            float[] weight = new float[TestModels.CRITIC.hiddenSize()];
            Arrays.fill(weight, 2);
            Probe.set(critic.model(), "score.weight", weight);
            double before = Probe.sum(critic.model(), "score.bias");
            trainer.update(TestModels.scored(List.of(new int[] {1, 2})), 0.01, (i, z) -> new float[] {3});
            assertThat(Probe.sum(critic.model(), "score.bias")).isCloseTo(before - 0.01, within(1e-6));
            // The other weights: each 2 - 0.01 * 0.1 * 2, then 0.01 up or down.
            double moved = Probe.sum(critic.model(), "score.weight") - weight.length * (2 - 0.002);
            assertThat(Math.abs(moved) / 0.01).isLessThanOrEqualTo(weight.length + 1e-3);
            assertThat(moved / 0.01 - Math.rint(moved / 0.01)).isCloseTo(0, within(1e-3));
        }
    }

    @Test
    void shouldScaleTheGradientDownToTheLimit() {
        // With epsilon far above the gradient AdamW is linear in it, so that clipping shows in the step's length.
        double[] moved = new double[2];
        double[] norms = new double[2];
        for (int run = 0; run < 2; run++) {
            double limit = run == 0 ? Double.POSITIVE_INFINITY : 0.01;
            OptimizerSettings settings = new OptimizerSettings(0, 0, 1e6, 0, limit);
            try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                    CriticTrainer trainer = new CriticTrainer(critic, settings, new TrainingSettings(64, 1, false))) {
                norms[run] = trainer.update(
                                TestModels.scored(List.of(new int[] {1, 2})), 1e6, (i, z) -> new float[] {3})
                        .gradientNorm();
                moved[run] = Probe.sum(critic.model(), "score.bias");
            }
        }
        assertThat(norms[0]).isEqualTo(norms[1]).isGreaterThan(0.01);
        assertThat(moved[1] / moved[0]).isCloseTo(0.01 / norms[0], within(1e-4));
    }

    @Test
    void shouldStartTheCriticAtOneHalfAndTeachItThePrompts() {
        SplittableRandom random = new SplittableRandom(1);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            prompts.add(TestModels.tokens(random, 2 + i % 4, TestModels.CRITIC));
        }
        try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                CriticTrainer trainer =
                        new CriticTrainer(critic, TestModels.ADAM, new TrainingSettings(60, 2, false))) {
            assertThat(critic.logits(prompts)).containsOnly(0f);
            for (int step = 0; step < 150; step++) {
                trainer.update(TestModels.scored(prompts), 1e-2, (i, z) -> {
                    float target = prompts.get(i)[0] % 2;
                    return new float[] {(float) (1 / (1 + Math.exp(-z[0])) - target) / prompts.size()};
                });
            }
            float[] logits = critic.logits(prompts);
            for (int i = 0; i < logits.length; i++) {
                assertThat(logits[i] > 0).isEqualTo(prompts.get(i)[0] % 2 == 1);
            }
        }
    }

    @Test
    void shouldScoreAPromptAlikeWhateverTheBatch() {
        SplittableRandom random = new SplittableRandom(1);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            prompts.add(TestModels.tokens(random, 1 + i % 6, TestModels.CRITIC));
        }
        try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings())) {
            Probe.set(
                    critic.model(), "score.weight", new float[] {1, -2, 3, 4, -5, 6, -7, 8, 9, -1, 2, 3, -4, 5, 6, 7});
            float[] together = critic.logits(prompts);
            for (int i = 0; i < prompts.size(); i++) {
                // Bits, not values within a tolerance.
                assertThat(critic.logits(List.of(prompts.get(i)))[0]).isEqualTo(together[i]);
            }
        }
    }

    @Test
    void shouldScoreAResponseAlikeWhateverTheBatch() {
        SplittableRandom random = new SplittableRandom(1);
        List<ScoredTokens> batch = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            int length = 1 + random.nextInt(TestModels.CRITIC.maxPositions());
            batch.add(new ScoredTokens(TestModels.tokens(random, length, TestModels.CRITIC), random.nextInt(length)));
        }
        try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, ModelSettings.cpu())) {
            Probe.set(
                    critic.model(), "score.weight", new float[] {1, -2, 3, 4, -5, 6, -7, 8, 9, -1, 2, 3, -4, 5, 6, 7});
            float[][] together = critic.scores(batch);
            for (int i = 0; i < batch.size(); i++) {
                ScoredTokens scored = batch.get(i);
                // Bits, not values within a tolerance.
                assertThat(critic.scores(List.of(scored))[0]).isEqualTo(together[i]);
                int[] prompt = Arrays.copyOf(scored.tokens(), scored.from() + 1);
                assertThat(together[i]).hasSize(scored.values());
                assertThat(together[i][0]).isCloseTo(critic.logits(List.of(prompt))[0], within(1e-4f));
            }
        }
    }

    @Test
    void shouldTeachTheCriticTheValueBeforeEachResponseToken() {
        TokenSequence sequence = new TokenSequence(new int[] {1, 2}, new int[] {3, 4, 5});
        List<ScoredTokens> batch = List.of(ScoredTokens.ofResponse(sequence));
        assertThat(batch.get(0).tokens()).containsExactly(1, 2, 3, 4);
        float[] targets = {1, -1, 0.5f};
        try (CriticModel critic = CriticModel.random(TestModels.CRITIC, 1, TestModels.settings());
                CriticTrainer trainer =
                        new CriticTrainer(critic, TestModels.ADAM, new TrainingSettings(60, 2, false))) {
            for (int step = 0; step < 200; step++) {
                trainer.update(batch, 1e-2, (i, z) -> {
                    float[] gradient = new float[z.length];
                    for (int t = 0; t < z.length; t++) {
                        gradient[t] = z[t] - targets[t];
                    }
                    return gradient;
                });
            }
            assertThat(critic.scores(batch)[0]).containsExactly(targets, within(0.05f));
        }
    }

    @Test
    void shouldLeaveTheWeightsAsTheyWereWhenCancelledBetweenMicroBatches() {
        AtomicInteger asked = new AtomicInteger();
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(
                        policy,
                        TestModels.ADAM,
                        new TrainingSettings(1, 1, false),
                        () -> asked.incrementAndGet() == 2)) {
            byte[] before = weights(policy);

            assertThatThrownBy(() -> trainer.update(BATCH, 1, 1e-3, LOSS)).isInstanceOf(CancellationException.class);
            assertThat(asked).hasValue(2);
            assertThat(weights(policy)).isEqualTo(before);
        }
    }
}
