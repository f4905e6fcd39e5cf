package io.sppostream.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * A policy: Qwen2 with a distribution over the next token.
 *
 * <p>Sampling and log-probabilities may run in several threads at once; the caller makes sure that nothing replaces or
 * trains the weights meanwhile.
 */
public final class PolicyModel implements AutoCloseable {

    /** Tokens computed at once when only log-probabilities are wanted: enough to fill the matrix products. */
    private static final int INFERENCE_TOKENS = 4096;

    private final Qwen2 model;

    private PolicyModel(Qwen2 model) {
        this.model = model;
    }

    /**
     * Loads a causal language model.
     *
     * @throws CheckpointException where its weights can't be used
     */
    public static PolicyModel load(Checkpoint checkpoint, ModelSettings settings) {
        return new PolicyModel(Qwen2.load(checkpoint, WeightLayout.Head.LANGUAGE_MODEL, settings));
    }

    /** A policy with fresh weights, the same for the same seed. */
    public static PolicyModel random(ModelConfig config, long seed, ModelSettings settings) {
        return new PolicyModel(Qwen2.random(config, WeightLayout.Head.LANGUAGE_MODEL, seed, settings));
    }

    public ModelConfig config() {
        return model.config();
    }

    /** Numbers that are trained. */
    public long parameters() {
        return model.slices().stream().mapToLong(NamedSlice::count).sum();
    }

    /** The model's {@code config.json}. */
    public String configJson() {
        return config().toJson("Qwen2ForCausalLM").toString();
    }

    /**
     * Writes the weights as a complete {@code model.safetensors}: F32, tensors under their Hugging Face names. The bytes
     * are a function of the weights, so their SHA-256 is the weights' identity.
     *
     * @param out stays open
     */
    public void writeWeights(WritableByteChannel out) throws IOException {
        Safetensors.write(out, model.slices());
    }

    /**
     * Replaces the weights in place by a {@code model.safetensors}.
     *
     * @param in read up to its last tensor, not closed
     * @throws CheckpointException where it holds other tensors or shapes (the weights are as before) or ends early (they
     *     are not)
     */
    public void readWeights(ReadableByteChannel in) throws IOException {
        Safetensors.read(in, model.slices(), "The weights stream");
    }

    /**
     * Writes a checkpoint that transformers loads as {@code Qwen2ForCausalLM}.
     *
     * @param tokenizerFrom whose tokenizer, generation configuration and chat template go with it
     */
    public void save(Path directory, Checkpoint tokenizerFrom) {
        Checkpoint.write(directory, tokenizerFrom, config().toJson("Qwen2ForCausalLM"), model.slices());
    }

    /**
     * Log-probabilities of responses.
     *
     * @param temperature above 0; the distribution is softmax(logits / temperature)
     * @return [sequences][T] natural log-probability of each response token after what precedes it
     */
    public float[][] logProbs(List<TokenSequence> sequences, double temperature) {
        requireTemperature(temperature);
        sequences.forEach(this::requireFits);
        float[][] result = new float[sequences.size()][];
        for (MicroBatch piece : MicroBatch.ofSequences(sequences, INFERENCE_TOKENS)) {
            logProbs(piece, temperature, result);
        }
        return result;
    }

    /** Log-probabilities of a piece's sequences, each into its place among the whole batch's. */
    void logProbs(MicroBatch piece, double temperature, float[][] result) {
        try (NDManager scratch = model.manager().newSubManager();
                IValue ids = TorchProgram.tensor(piece.idsTensor(scratch));
                IValue read = TorchProgram.tensor(piece.readTensor(scratch));
                IValue targets = TorchProgram.tensor(piece.targetsTensor(scratch));
                IValue divisor = TorchProgram.tensor(temperatureTensor(scratch, temperature));
                IValue outputs = model.program()
                        .run(
                                "log_probs",
                                ids,
                                read,
                                targets,
                                divisor,
                                model.weightsArgument(),
                                model.tableArgument())) {
            float[] logProbs = outputs.toTensor((PtNDManager) scratch).toFloatArray();
            for (int row = 0; row < piece.members().length; row++) {
                result[piece.members()[row]] = piece.outputsOf(row, logProbs);
            }
        }
    }

    static ai.djl.ndarray.NDArray temperatureTensor(NDManager manager, double temperature) {
        return Tensors.of(manager, new float[] {(float) temperature}, new Shape());
    }

    static void requireTemperature(double temperature) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be positive and finite, got " + temperature);
        }
    }

    void requireFits(TokenSequence sequence) {
        int inputs = sequence.prompt().length + sequence.response().length - 1;
        if (inputs > config().maxPositions()) {
            throw new IllegalArgumentException("A prompt of " + sequence.prompt().length + " and a response of "
                    + sequence.response().length + " tokens exceed the model's " + config().maxPositions()
                    + " positions");
        }
        requireTokens(sequence.prompt());
        requireTokens(sequence.response());
    }

    void requireTokens(int[] tokens) {
        requireTokens(tokens, config());
    }

    static void requireTokens(int[] tokens, ModelConfig config) {
        for (int token : tokens) {
            if (token < 0 || token >= config.vocabularySize()) {
                throw new IllegalArgumentException("Token " + token + " is not in the model's vocabulary of "
                        + config.vocabularySize() + "; was it made by another tokenizer?");
            }
        }
    }

    Qwen2 model() {
        return model;
    }

    @Override
    public void close() {
        model.close();
    }
}
