package io.sppostream.model;

/** The rules by which large models are computed in parts, so that they fit memory. Static functions of a model's shape. */
final class LargeModels {

    /** Logits that are computed at once on a CPU: 64 MiB. */
    private static final long LOGITS_ON_CPU = 1L << 24;

    /** On another device, whose products want more rows: 512 MiB. */
    private static final long LOGITS = 1L << 27;

    /** Up to this vocabulary all logits of a micro-batch are computed at once. */
    private static final int SMALL_VOCABULARY = 4096;

    /** Up to this number of parameters every micro-batch has a gradient of its own: 64 MiB. */
    private static final long SMALL_MODEL = 1L << 24;

    /** Tokens of a micro-batch on a CPU: larger ones are not faster, and leave threads without work. */
    static final int MICRO_BATCH_TOKENS = 384;

    /** Rows of a running batch on a CPU: more are not much faster, and their keys and values take memory. */
    private static final int ROWS = 64;

    /** Most prompt tokens that are computed at once, and most elements of a feed-forward layer for them. */
    private static final int PREFILL_TOKENS = 8192;

    private static final int PREFILL_ELEMENTS = 1 << 24;

    /** On a CPU, more would only take memory: 16 MiB for each tensor of such a layer. */
    private static final int PREFILL_ELEMENTS_ON_CPU = 1 << 22;

    private LargeModels() {}

    /** Rows of logits [rows, vocabulary] that are computed at once; 0 if all are. */
    static int logitRows(ModelConfig config, boolean cpu) {
        int vocabulary = config.vocabularySize();
        return vocabulary <= SMALL_VOCABULARY
                ? 0
                : (int) Math.max(Transformer.LEAST_ROWS, (cpu ? LOGITS_ON_CPU : LOGITS) / vocabulary);
    }

    /**
     * Whether all micro-batches add to one gradient, layer by layer. For small models it is faster to let each have its own
     * and to add them up.
     */
    static boolean needsOneGradient(ModelConfig config) {
        return config.vocabularySize() > SMALL_VOCABULARY || isLarge(config);
    }

    /** Most rows of a running batch. */
    static int rowsAtOnce(ModelConfig config, boolean cpu) {
        return cpu && isLarge(config) ? ROWS : Integer.MAX_VALUE;
    }

    /** Most prompt tokens that are computed at once; a longer prompt is computed alone. */
    static int prefillTokens(ModelConfig config, boolean cpu) {
        int elements = cpu ? PREFILL_ELEMENTS_ON_CPU : PREFILL_ELEMENTS;
        return Math.min(PREFILL_TOKENS, Math.max(512, elements / config.intermediateSize()));
    }

    /** Whether the model has more than 16.8 million parameters. */
    static boolean isLarge(ModelConfig config) {
        long parameters = WeightLayout.of(config, WeightLayout.Head.LANGUAGE_MODEL).tensors().stream()
                .mapToLong(fused -> Safetensors.count(fused.shape()))
                .sum();
        return parameters > SMALL_MODEL;
    }
}
