package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Logits in chunks, one gradient for all micro-batches, products in bfloat16 and running means in 8 bits. */
class LargeModelTrainingTest {

    /** A vocabulary so large that logits are computed in chunks, here of 64 rows. */
    private static ModelConfig config(boolean tied) {
        return new ModelConfig(1 << 18, 4, 3, 2, 1, 8, 128, tied, 1e-6, 10_000);
    }

    private static final TokenLoss LOSS = (i, logProbs) -> {
        float[] gradient = new float[logProbs.length];
        for (int t = 0; t < gradient.length; t++) {
            gradient[t] = (i % 3 - 0.7f) * (t + 1) / 100f;
        }
        return gradient;
    };

    private static List<TokenSequence> batch(ModelConfig config) {
        SplittableRandom random = new SplittableRandom(3);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            sequences.add(new TokenSequence(
                    TestModels.tokens(random, random.nextInt(1, 6), config),
                    TestModels.tokens(random, random.nextInt(1, 20), config)));
        }
        return sequences;
    }

    private static byte[] weights(PolicyModel policy) {
        return TestModels.bytes(policy::writeWeights);
    }

    @ParameterizedTest
    @CsvSource({"true, true", "false, false"})
    void shouldHaveTheGradientsOfTheWholeLogits(boolean tied, boolean checkpointing) {
        ModelConfig config = config(tied);
        assertThat(LargeModels.logitRows(config, true)).isEqualTo(64);
        try (PolicyModel policy = PolicyModel.random(config, 1, TestModels.settings());
                NDManager scratch = policy.model().manager().newSubManager()) {
            Transformer model = policy.model();
            model.weights().forEach(weight -> weight.setRequiresGradient(true));
            Map<String, Number> attributes =
                    Transformer.attributes(config, TestModels.settings(), WeightForm.TRAINABLE);
            attributes.put("chunk", 0);
            List<MicroBatch> pieces = MicroBatch.ofSequences(batch(config), 120);
            assertThat(pieces).hasSizeGreaterThan(1);
            try (TorchProgram whole = TorchProgram.load(
                            scratch, List.of("transformer.torchscript", WeightForm.TRAINABLE.program()), attributes);
                    GradientBuffer buffer = new GradientBuffer(model, model.weights(), checkpointing, pieces)) {
                NDList expected = new NDList();
                for (int i = 0; i < pieces.size(); i++) {
                    PolicyTrainer.Piece piece = new PolicyTrainer.Piece(model, pieces.get(i), 0.7, LOSS);
                    buffer.add(i, piece);
                    NDList arguments = new NDList(
                            pieces.get(i).idsTensor(scratch),
                            pieces.get(i).readTensor(scratch),
                            pieces.get(i).targetsTensor(scratch),
                            PolicyModel.temperatureTensor(scratch, 0.7));
                    arguments.addAll(model.weights());
                    arguments.addAll(model.table());
                    NDList forward = whole.record(scratch, "train_log_probs", arguments);
                    NDArray outputs = forward.get(0);
                    float[] logProbs = outputs.toFloatArray();
                    float[][] result = new float[16][];
                    policy.logProbs(pieces.get(i), 0.7, model.weightsArgument(), result);
                    for (int row = 0; row < pieces.get(i).members().length; row++) {
                        assertThat(result[pieces.get(i).members()[row]])
                                .containsExactly(pieces.get(i).outputsOf(row, logProbs), within(1e-5f));
                    }
                    NDList backward = new NDList(outputs, Tensors.of(scratch, piece.loss(forward), outputs.getShape()));
                    backward.addAll(model.weights());
                    NDList gradients = whole.record(scratch, "gradients", backward);
                    for (int k = 0; k < gradients.size(); k++) {
                        if (i == 0) {
                            expected.add(gradients.get(k));
                        } else {
                            expected.get(k).addi(gradients.get(k));
                        }
                    }
                }
                NDList actual = buffer.total();
                assertThat(actual).hasSameSizeAs(expected);
                for (int k = 0; k < actual.size(); k++) {
                    float[] e = expected.get(k).toFloatArray();
                    float[] a = actual.get(k).toFloatArray();
                    float largest = 0;
                    for (float x : e) {
                        largest = Math.max(largest, Math.abs(x));
                    }
                    assertThat(largest).isPositive();
                    for (int j = 0; j < e.length; j++) {
                        if (Math.abs(a[j] - e[j]) > 1e-5f * largest) {
                            assertThat(a[j]).as("tensor %d, element %d", k, j).isEqualTo(e[j]);
                        }
                    }
                }
            }
        }
    }

    private static byte[] trained(TrainingSettings settings, ModelSettings model, int steps) {
        ModelConfig config = new ModelConfig(5000, 16, 3, 2, 1, 24, 128, true, 1e-6, 10_000);
        try (PolicyModel policy = PolicyModel.random(config, 1, model);
                PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, settings)) {
            for (int step = 0; step < steps; step++) {
                trainer.update(batch(config), 1, 1e-3, LOSS);
            }
            return weights(policy);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void shouldGiveTheSameBitsWhateverTheThreadsAndTheCheckpointing(ModelSettings.Precision precision) {
        ModelSettings model = TestModels.settings(precision);
        byte[] expected = trained(new TrainingSettings(24, 1, false), model, 3);
        for (int run = 0; run < 3; run++) {
            assertThat(trained(new TrainingSettings(24, 3, false), model, 3)).isEqualTo(expected);
            assertThat(trained(new TrainingSettings(24, 2, true), model, 3)).isEqualTo(expected);
        }
    }

    @Test
    void shouldPassOnAFailureOfTheLossWithTheWeightsAsTheyWere() {
        ModelConfig config = config(true);
        try (PolicyModel policy = PolicyModel.random(config, 1, TestModels.settings());
                PolicyTrainer trainer =
                        new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(20, 2, false))) {
            byte[] before = weights(policy);
            assertThatThrownBy(() -> trainer.update(batch(config), 1, 1e-3, (i, logProbs) -> {
                        if (i == 7) {
                            throw new IllegalStateException("no advantage for sequence 7");
                        }
                        return LOSS.gradient(i, logProbs);
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("sequence 7");
            assertThat(weights(policy)).isEqualTo(before);
        }
    }

    @Test
    @Timeout(60)
    void shouldLeaveTheWeightsAsTheyWereWhenCancelledBetweenMicroBatches() {
        ModelConfig config = config(true);
        AtomicInteger asked = new AtomicInteger();
        try (PolicyModel policy = PolicyModel.random(config, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(
                        policy,
                        TestModels.ADAM,
                        new TrainingSettings(20, 2, false),
                        () -> asked.incrementAndGet() == 3)) {
            byte[] before = weights(policy);
            assertThatThrownBy(() -> trainer.update(batch(config), 1, 1e-3, LOSS))
                    .isInstanceOf(CancellationException.class);
            assertThat(weights(policy)).isEqualTo(before);
        }
    }

    @Test
    void shouldHoldAsManyArraysAfterManyUpdatesAsAfterTheFirst() {
        ModelConfig config = new ModelConfig(5000, 16, 3, 2, 1, 24, 128, true, 1e-6, 10_000);
        ModelSettings half = TestModels.settings(ModelSettings.Precision.BFLOAT16);
        try (PolicyModel policy = PolicyModel.random(config, 1, half);
                PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(24, 2, true))) {
            trainer.update(batch(config), 1, 1e-3, LOSS);
            int held = policy.model().manager().getManagedArrays().size();
            for (int i = 0; i < 5; i++) {
                trainer.update(batch(config), 1, 1e-3, LOSS);
                trainer.logProbs(batch(config), 1);
            }
            assertThat(policy.model().manager().getManagedArrays()).hasSize(held);
        }
    }

    @Test
    void shouldStepWith8BitMeansNearlyAsWith32() {
        double gain = gain(OptimizerSettings.State.FP32);
        assertThat(gain).isGreaterThan(5);
        assertThat(gain(OptimizerSettings.State.INT8)).isCloseTo(gain, within(0.1 * gain));
    }

    /** What 20 steps add to the sum of the log-probabilities. */
    private static double gain(OptimizerSettings.State state) {
        List<TokenSequence> batch = TestModels.sequences(12, 1);
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(policy, adam(state), new TrainingSettings(48, 2, false))) {
            double before = sum(policy.logProbs(batch, 1));
            for (int step = 0; step < 20; step++) {
                trainer.update(batch, 1, 1e-3, (i, logProbs) -> {
                    float[] gradient = new float[logProbs.length];
                    Arrays.fill(gradient, -1f);
                    return gradient;
                });
            }
            return sum(policy.logProbs(batch, 1)) - before;
        }
    }

    private static double sum(float[][] values) {
        double sum = 0;
        for (float[] row : values) {
            for (float value : row) {
                sum += value;
            }
        }
        return sum;
    }

    private static OptimizerSettings adam(OptimizerSettings.State state) {
        return new OptimizerSettings(0.9, 0.99, 1e-8, 0.01, 0.5, state);
    }

    @Test
    void shouldResumeFrom8BitStateAsIfNothingHadHappened() throws Exception {
        List<TokenSequence> batch = TestModels.sequences(12, 1);
        OptimizerSettings adam = adam(OptimizerSettings.State.INT8);
        TrainingSettings settings = new TrainingSettings(48, 2, false);
        byte[] weights;
        byte[] state;
        byte[] expected;
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 1, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(policy, adam, settings)) {
            trainer.update(batch, 1, 1e-3, LOSS);
            trainer.update(batch, 1, 1e-3, LOSS);
            weights = weights(policy);
            state = TestModels.bytes(trainer::writeOptimizerState);
            trainer.update(batch, 1, 1e-3, LOSS);
            expected = weights(policy);
        }
        assertThat(state).hasSizeLessThan(weights.length);
        try (PolicyModel policy = PolicyModel.random(TestModels.POLICY, 2, TestModels.settings());
                PolicyTrainer trainer = new PolicyTrainer(policy, adam, settings)) {
            policy.readWeights(TestModels.channel(weights));
            trainer.readOptimizerState(TestModels.channel(state));
            trainer.update(batch, 1, 1e-3, LOSS);
            assertThat(weights(policy)).isEqualTo(expected);
        }
    }
}
