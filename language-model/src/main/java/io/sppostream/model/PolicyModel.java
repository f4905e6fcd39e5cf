package io.sppostream.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy: Qwen2 with a distribution over the next token.
 *
 * <p>Sampling and log-probabilities may run in several threads at once; the caller must make sure that nothing replaces or
 * trains the weights in the meantime.
 */
public final class PolicyModel extends LanguageModel {

    private PolicyModel(Transformer model, @Nullable Checkpoint source) {
        super(model, "Qwen2ForCausalLM", source);
    }

    /**
     * Loads a causal language model.
     *
     * @throws CheckpointException if its weights cannot be used
     */
    public static PolicyModel load(Checkpoint checkpoint, ModelSettings settings) {
        return new PolicyModel(Transformer.load(checkpoint, WeightLayout.Head.LANGUAGE_MODEL, settings), checkpoint);
    }

    /** A policy with fresh weights, the same for the same seed. */
    public static PolicyModel random(ModelConfig config, long seed, ModelSettings settings) {
        return new PolicyModel(Transformer.random(config, WeightLayout.Head.LANGUAGE_MODEL, seed, settings), null);
    }

    /** A policy with the same weights in memory of its own, which training this one does not change. */
    public PolicyModel copy() {
        return new PolicyModel(model().copy(), source());
    }

    /**
     * Writes a checkpoint that transformers loads as {@code Qwen2ForCausalLM}.
     *
     * @param tokenizerFrom checkpoint whose tokenizer, generation configuration and chat template are copied
     */
    public void save(Path directory, Checkpoint tokenizerFrom) {
        Checkpoint.write(directory, tokenizerFrom, checkpointConfig(), model().slices());
    }

    /**
     * Log-probabilities of responses.
     *
     * @param temperature above 0; the distribution is softmax(logits / temperature)
     * @return [sequences][T] natural log-probability of each response token given the tokens before it
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

    /** Writes the log-probabilities of a piece's sequences to their indices in the result of the batch. */
    void logProbs(MicroBatch piece, double temperature, float[][] result) {
        try (NDManager scratch = model().manager().newSubManager();
                IValue ids = TorchProgram.tensor(piece.idsTensor(scratch));
                IValue read = TorchProgram.tensor(piece.readTensor(scratch));
                IValue targets = TorchProgram.tensor(piece.targetsTensor(scratch));
                IValue divisor = TorchProgram.tensor(temperatureTensor(scratch, temperature));
                IValue outputs = model().program()
                        .run(
                                "log_probs",
                                ids,
                                read,
                                targets,
                                divisor,
                                model().weightsArgument(),
                                model().tableArgument())) {
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
        config().requireTokens(sequence.prompt());
        config().requireTokens(sequence.response());
    }
}
