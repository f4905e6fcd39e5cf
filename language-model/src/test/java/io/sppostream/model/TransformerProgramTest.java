package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The TorchScript program against the plain one, and its gradients against finite differences, in 64 bits. */
class TransformerProgramTest {

    private static final double STEP = 1e-5;

    /** The program with 64-bit weights. */
    private static final class Fixture implements AutoCloseable {
        final WeightLayout layout;
        final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
        final TorchProgram program;
        final NDList weights = new NDList();
        final List<double[]> values = new ArrayList<>();
        final NDList table;
        final MicroBatch batch;

        Fixture(ModelConfig config, WeightLayout.Head head, int rank, List<TokenSequence> sequences) {
            this.layout = WeightLayout.of(config, head, rank);
            this.program = TorchProgram.load(
                    manager,
                    List.of("transformer.torchscript", WeightForm.TRAINABLE.program()),
                    Transformer.attributes(
                            config,
                            ModelSettings.cpu().withAdapter(rank == 0 ? null : new LoraSettings(rank, 1.5 * rank, 1)),
                            WeightForm.TRAINABLE));
            SplittableRandom random = new SplittableRandom(5);
            for (WeightLayout.Fused fused : layout.tensors()) {
                double mean = fused.initial() == WeightLayout.Initial.ONES ? 1 : 0;
                Shape shape = new Shape(fused.shape());
                double[] value =
                        random.doubles(shape.size(), mean - 0.5, mean + 0.5).toArray();
                NDArray tensor = manager.create(value, shape);
                tensor.setName("w[]");
                tensor.setRequiresGradient(true);
                values.add(value);
                weights.add(tensor);
            }
            int half = config.headSize() / 2;
            double[] frequencies = new double[half];
            for (int i = 0; i < half; i++) {
                frequencies[i] = Math.pow(config.ropeTheta(), -(double) i / half);
            }
            double[] positions = new double[config.maxPositions()];
            for (int i = 0; i < positions.length; i++) {
                positions[i] = i;
            }
            this.table = program.record(
                    manager,
                    "rotary",
                    new NDList(
                            manager.create(frequencies, new Shape(half)),
                            manager.create(positions, new Shape(positions.length))));
            table.forEach(tensor -> tensor.setName("table[]"));
            this.batch = MicroBatch.ofSequences(sequences, 100_000).get(0);
        }

        NDArray forward(NDManager scratch, WeightLayout.Head head) {
            NDList arguments = new NDList(batch.idsTensor(scratch), batch.readTensor(scratch));
            if (head == WeightLayout.Head.LANGUAGE_MODEL) {
                arguments.add(batch.targetsTensor(scratch));
                arguments.add(scratch.create(0.8));
            }
            arguments.addAll(weights);
            arguments.addAll(table);
            String method = head == WeightLayout.Head.LANGUAGE_MODEL ? "train_log_probs" : "train_scores";
            return program.record(scratch, method, arguments).get(0);
        }

        /** A weighted sum of the outputs. */
        double loss(WeightLayout.Head head) {
            try (NDManager scratch = manager.newSubManager()) {
                double[] outputs = forward(scratch, head).toDoubleArray();
                double sum = 0;
                for (int i = 0; i < outputs.length; i++) {
                    sum += (i + 1) * outputs[i];
                }
                return sum;
            }
        }

        void set(int tensor, int element, double value) {
            ai.djl.pytorch.jni.JniUtils.setGradMode(false);
            weights.get(tensor)
                    .toByteBuffer(true)
                    .order(java.nio.ByteOrder.nativeOrder())
                    .asDoubleBuffer()
                    .put(element, value);
        }

        @Override
        public void close() {
            program.close();
            manager.close();
        }
    }

    /** Heads of size 6, so that they have more numbers together, 24, than the hidden size of 16. */
    private static ModelConfig config(Architecture architecture, int groups, int maxPositions, boolean tied) {
        return new ModelConfig(architecture, 11, 16, 2, 4, groups, 6, 12, maxPositions, tied, 1e-6, 10_000, null);
    }

    @ParameterizedTest
    @CsvSource({
        "QWEN2, LANGUAGE_MODEL, true, 2, 0",
        "QWEN2, LANGUAGE_MODEL, false, 2, 0",
        "QWEN2, LANGUAGE_MODEL, true, 4, 0",
        "QWEN2, LANGUAGE_MODEL, true, 1, 0",
        "QWEN2, SCORE, true, 2, 0",
        "QWEN3, LANGUAGE_MODEL, true, 2, 0",
        "QWEN3, SCORE, true, 2, 0",
        "LLAMA, LANGUAGE_MODEL, false, 2, 0",
        "QWEN2, LANGUAGE_MODEL, true, 2, 3",
        "QWEN3, LANGUAGE_MODEL, false, 2, 1"
    })
    void shouldHaveTheGradientsThatFiniteDifferencesHave(
            Architecture architecture, WeightLayout.Head head, boolean tied, int groups, int rank) {
        ModelConfig config = config(architecture, groups, 64, tied);
        try (Fixture fixture = new Fixture(config, head, rank, TestModels.sequences(5, 2))) {
            NDList gradients;
            try (NDManager scratch = fixture.manager.newSubManager()) {
                NDArray outputs = fixture.forward(scratch, head);
                double[] slopes = new double[(int) outputs.size()];
                for (int i = 0; i < slopes.length; i++) {
                    slopes[i] = i + 1;
                }
                NDList arguments = new NDList(outputs, scratch.create(slopes, outputs.getShape()));
                arguments.addAll(fixture.weights);
                gradients = fixture.program.record(fixture.manager, "gradients", arguments);
            }
            assertThat(gradients).hasSameSizeAs(fixture.weights);
            SplittableRandom random = new SplittableRandom(9);
            for (int tensor = 0; tensor < gradients.size(); tensor++) {
                double[] gradient = gradients.get(tensor).toDoubleArray();
                for (int k = 0; k < 5; k++) {
                    int element = random.nextInt(gradient.length);
                    double value = fixture.values.get(tensor)[element];
                    fixture.set(tensor, element, value + STEP);
                    double above = fixture.loss(head);
                    fixture.set(tensor, element, value - STEP);
                    double below = fixture.loss(head);
                    fixture.set(tensor, element, value);
                    double expected = (above - below) / (2 * STEP);
                    assertThat(gradient[element])
                            .as("tensor %d, element %d", tensor, element)
                            .isCloseTo(expected, within(1e-6 * Math.max(1, Math.abs(expected))));
                }
            }
        }
    }

    /** Longer than what the folded attention takes, so that both its paths are compared. */
    @ParameterizedTest
    @CsvSource({"QWEN2, 1", "QWEN2, 9", "QWEN2, 128", "QWEN2, 129", "QWEN2, 200", "QWEN3, 9", "QWEN3, 129", "LLAMA, 9"})
    void shouldComputeWhatThePlainProgramComputes(Architecture architecture, int length) {
        ModelConfig config = config(architecture, 2, 256, false);
        SplittableRandom random = new SplittableRandom(length);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            sequences.add(new TokenSequence(
                    TestModels.tokens(random, Math.max(1, length - i), config), TestModels.tokens(random, 1, config)));
        }
        try (Fixture fixture = new Fixture(config, WeightLayout.Head.LANGUAGE_MODEL, 0, sequences);
                NDManager scratch = fixture.manager.newSubManager()) {
            double[] outputs =
                    fixture.forward(scratch, WeightLayout.Head.LANGUAGE_MODEL).toDoubleArray();
            Map<String, double[]> weights = new LinkedHashMap<>();
            for (int i = 0; i < fixture.values.size(); i++) {
                DoubleBuffer buffer = DoubleBuffer.wrap(fixture.values.get(i));
                for (WeightLayout.Part part : fixture.layout.tensors().get(i).parts()) {
                    double[] value = new double[(int) Safetensors.count(part.shape())];
                    buffer.get(value);
                    weights.put(part.name(), value);
                }
            }
            for (int row = 0; row < sequences.size(); row++) {
                TokenSequence sequence = sequences.get(fixture.batch.members()[row]);
                double[] logits = new PlainTransformer(config, weights).logits(sequence.prompt());
                assertThat(outputs[row]).isCloseTo(logSoftmax(logits, 0.8)[sequence.response()[0]], within(1e-9));
            }
        }
    }

    private static double[] logSoftmax(double[] logits, double temperature) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit / temperature);
        }
        double[] result = new double[logits.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = logits[i] / temperature - Math.log(sum);
        }
        return result;
    }
}
