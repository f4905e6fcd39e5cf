package io.sppostream.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy: a transformer with a distribution over the next token.
 *
 * <p>Sampling and log-probabilities may run in several threads at once; the caller must make sure that nothing replaces or
 * trains the weights in the meantime.
 */
public final class PolicyModel extends LanguageModel {

    private PolicyModel(Transformer model, @Nullable Checkpoint source) {
        super(model, model.config().architecture().causalLanguageModel(), source);
    }

    /**
     * Loads a causal language model.
     *
     * @throws CheckpointException if its weights cannot be used
     */
    public static PolicyModel load(Checkpoint checkpoint, ModelSettings settings) {
        return new PolicyModel(Transformer.load(checkpoint, WeightLayout.Head.LANGUAGE_MODEL, settings), checkpoint);
    }

    /**
     * Loads a causal language model to sample from and to load other versions into, and for nothing else. In bfloat16, it
     * has half the memory of {@link #load}; a large model is faster on the CPU ({@link WeightForm#PACKED}).
     *
     * @throws CheckpointException if its weights cannot be used
     */
    public static PolicyModel forSampling(Checkpoint checkpoint, ModelSettings settings) {
        return new PolicyModel(Transformer.forSampling(checkpoint, settings), checkpoint);
    }

    /** A policy with fresh weights, the same for the same seed. */
    public static PolicyModel random(ModelConfig config, long seed, ModelSettings settings) {
        return new PolicyModel(Transformer.random(config, WeightLayout.Head.LANGUAGE_MODEL, seed, settings), null);
    }

    /**
     * A policy with its own copy of the trained weights, which training this one does not change. If these are adapters,
     * the base model is shared.
     */
    public PolicyModel copy() {
        return new PolicyModel(model().copy(), source());
    }

    /** The base model if there are adapters, sharing its weights; a copy otherwise. */
    PolicyModel reference() {
        return new PolicyModel(model().reference(), source());
    }

    /** A policy without adapters, with weights of its own, in 32 bits, that compute what this policy computes. */
    public PolicyModel merged() {
        return new PolicyModel(model().merged(source()), source());
    }

    /** The adapters that are trained instead of the weights; null if there are none. */
    public @Nullable LoraSettings adapter() {
        return model().adapter();
    }

    /**
     * Writes a checkpoint that transformers loads as {@code AutoModelForCausalLM}. Adapters are merged into the weights.
     *
     * @param tokenizerFrom checkpoint whose tokenizer, generation configuration and chat template are copied
     */
    public void save(Path directory, Checkpoint tokenizerFrom) {
        if (adapter() == null) {
            Checkpoint.write(directory, tokenizerFrom, checkpointConfig(), model().slices());
        } else {
            try (PolicyModel merged = merged()) {
                merged.save(directory, tokenizerFrom);
            }
        }
    }

    /**
     * Writes the adapters as {@code adapter_config.json} and {@code adapter_model.safetensors}, which PEFT, vLLM and SGLang
     * load.
     *
     * @param base the base model's folder or name, for the configuration
     * @throws IllegalStateException if there are no adapters
     */
    public void saveAdapter(Path directory, String base) {
        PeftFiles.write(directory, requireAdapter(), base, this::writeWeights);
    }

    /**
     * Replaces the adapters by those of a folder that PEFT wrote.
     *
     * @throws CheckpointException if they have another rank or scale, or adapt other modules than these
     * @throws IllegalStateException if this policy has no adapters
     */
    public void readAdapter(Path directory) {
        PeftFiles.read(directory, requireAdapter(), model().slices());
    }

    private LoraSettings requireAdapter() {
        LoraSettings adapter = adapter();
        if (adapter == null) {
            throw new IllegalStateException("the policy has no adapters");
        }
        return adapter;
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
        try (NDManager copies = model().manager().newSubManager();
                IValue weights = TorchProgram.list(model().productWeights(copies))) {
            for (MicroBatch piece : MicroBatch.ofSequences(sequences, INFERENCE_TOKENS)) {
                logProbs(piece, temperature, weights, result);
            }
        }
        return result;
    }

    /** Writes the log-probabilities of a piece's sequences to their indices in the result of the batch. */
    void logProbs(MicroBatch piece, double temperature, IValue weights, float[][] result) {
        try (NDManager scratch = model().manager().newSubManager();
                IValue ids = TorchProgram.tensor(piece.idsTensor(scratch));
                IValue read = TorchProgram.tensor(piece.readTensor(scratch));
                IValue targets = TorchProgram.tensor(piece.targetsTensor(scratch));
                IValue divisor = TorchProgram.tensor(temperatureTensor(scratch, temperature));
                IValue outputs = model().program()
                        .run("log_probs", ids, read, targets, divisor, weights, model().tableArgument())) {
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
        model().reserve(inputs);
        config().requireTokens(sequence.prompt());
        config().requireTokens(sequence.response());
    }
}
