package io.sppostream.model;

/**
 * Estimates of the bytes that a model takes in memory, by what they are for. They follow the tensors of the program: T
 * positions, hidden size d, H query and G key-value heads of size s, feed-forward width f, vocabulary V. Pure functions.
 */
public final class ModelMemory {
    /** From this size on, the layers of a micro-batch are checkpointed by default. */
    static final long CHECKPOINTED_FROM = 1L << 30;

    /** Tensors of the size of the logits that exist at the same time: logits, scaled logits, and their log-softmax. */
    private static final int LOGITS = 3;

    /** Values of a running mean in 8 bits that share a scale. */
    private static final int BLOCK = 256;

    private ModelMemory() {}

    /** Number of weights of a policy. */
    public static long policyParameters(ModelConfig model) {
        return parameters(model, WeightLayout.Head.LANGUAGE_MODEL);
    }

    /** Number of weights of a critic. */
    public static long criticParameters(ModelConfig model) {
        return parameters(model, WeightLayout.Head.SCORE);
    }

    private static long parameters(ModelConfig model, WeightLayout.Head head) {
        return WeightLayout.of(model, head).tensors().stream()
                .mapToLong(tensor -> Safetensors.count(tensor.shape()))
                .sum();
    }

    /**
     * Bytes of a policy that is sampled from and loaded into: in bfloat16, the matrices of its layers are held in that
     * precision only. A large one has its head once more if that is tied to the embedding.
     */
    public static long sampledWeights(ModelConfig model, ModelSettings settings) {
        boolean twoHeads = model.tiedEmbeddings() && WeightForm.ofSampled(model, settings) == WeightForm.PACKED;
        return baseWeights(model, settings)
                + (twoHeads ? (long) Float.BYTES * model.vocabularySize() * model.hiddenSize() : 0);
    }

    /** Bytes of the weights that adapters add to: in bfloat16, the matrices of its layers are held in that precision only. */
    public static long baseWeights(ModelConfig model, ModelSettings settings) {
        boolean rounded = WeightForm.ofBase(model, settings) == WeightForm.ROUNDED;
        return WeightLayout.of(model, WeightLayout.Head.LANGUAGE_MODEL).tensors().stream()
                .mapToLong(tensor -> Safetensors.count(tensor.shape())
                        * (rounded && tensor.isMatrixOfLayer() ? Short.BYTES : Float.BYTES))
                .sum();
    }

    /** Number of weights of a policy that are trained: those of its adapters, or all. */
    public static long trainedParameters(ModelConfig model, ModelSettings settings) {
        LoraSettings adapter = settings.adapter();
        return adapter == null
                ? policyParameters(model)
                : WeightLayout.of(model, WeightLayout.Head.LANGUAGE_MODEL, adapter.rank()).tensors().stream()
                        .filter(WeightLayout::isAdapter)
                        .mapToLong(tensor -> Safetensors.count(tensor.shape()))
                        .sum();
    }

    /**
     * Bytes that the layers keep of a micro-batch for its gradient, and that the layer at work takes.
     *
     * @param tokens of the micro-batch, padding included
     * @param checkpointing whether only the input of each layer is kept
     */
    public static long layers(ModelConfig model, long tokens, boolean checkpointing) {
        long kept = checkpointing ? model.hiddenSize() : layerFloats(model);
        return Float.BYTES * tokens * model.layers() * kept + layerAtWork(model, tokens);
    }

    /** Bytes of the tensors of one layer while it is computed. */
    public static long layerAtWork(ModelConfig model, long tokens) {
        return Float.BYTES * tokens * layerFloats(model);
    }

    /**
     * Floats of one layer and position: the residual stream twice, both norms before and after their weights, attention
     * before and after the heads are joined, queries, keys and values before and after rotation, keys and values as often as
     * there are queries, and four tensors of the feed-forward layer.
     */
    private static long layerFloats(ModelConfig model) {
        long queries = (long) model.heads() * model.headSize();
        long keys = (long) model.keyValueHeads() * model.headSize();
        long repeated = keys < queries ? 2 * queries : 0;
        return 7L * model.hiddenSize()
                + 2 * queries
                + (queries + 2 * keys)
                + (queries + keys)
                + repeated
                + 4L * model.intermediateSize();
    }

    /** Bytes of the logits of so many positions, and of what is computed of them. */
    public static long logits(ModelConfig model, long positions) {
        return LOGITS * Float.BYTES * positions * model.vocabularySize();
    }

    /** Bytes of the logits of a micro-batch in training, of which a large vocabulary has a chunk at a time. */
    public static long trainingLogits(ModelConfig model, ModelSettings settings, long positions) {
        int chunk = LargeModels.logitRows(model, settings.isCpu());
        return logits(model, chunk == 0 ? positions : Math.min(chunk, positions));
    }

    /**
     * Bytes of the gradients of an optimizer step: one for all micro-batches if the model is large, else one for each that
     * is computed and one for their sum.
     *
     * @param pieces micro-batches that are computed at the same time
     */
    public static long gradients(ModelConfig model, long parameters, long pieces) {
        return Float.BYTES * parameters * (LargeModels.needsOneGradient(model) ? 1 : 1 + pieces);
    }

    /** Bytes of AdamW's two running means. */
    public static long moments(long parameters, OptimizerSettings.State state) {
        return switch (state) {
            case FP32 -> 2L * Float.BYTES * parameters;
            case INT8 -> 2 * parameters + 2L * Float.BYTES * (parameters / BLOCK + 1);
        };
    }

    /** Most rows that are sampled together on a CPU or another device. */
    public static int rowsAtOnce(ModelConfig model, boolean cpu) {
        return LargeModels.rowsAtOnce(model, cpu);
    }

    /** Most prompt tokens that are computed at once on a CPU or another device. */
    public static int prefillTokens(ModelConfig model, boolean cpu) {
        return LargeModels.prefillTokens(model, cpu);
    }

    /** Bytes of the keys and values of rows of so many positions each. */
    public static long keyValues(ModelConfig model, ModelSettings settings, long rows, long positions) {
        int bytes = settings.halvesAttention(model) ? Short.BYTES : Float.BYTES;
        return 2L * bytes * model.layers() * model.keyValueHeads() * model.headSize() * rows * positions;
    }

    /** Whether gradient checkpointing is on unless the settings say otherwise. Its results have the same bits. */
    public static boolean checkpointsByDefault(ModelConfig model, long microBatchTokens) {
        return layers(model, microBatchTokens, false) > CHECKPOINTED_FROM;
    }
}
