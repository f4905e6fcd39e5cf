package io.sppostream.model;

/**
 * How an update is computed. The result depends on {@code microBatchTokens}, and never on {@code threads}.
 *
 * @param microBatchTokens most tokens, padding included, that are computed in one piece; a longer sequence forms a piece
 *     by itself
 * @param threads number of worker threads, at most one per core
 * @param gradientCheckpointing whether to keep only the input of each layer and recompute the layer in the backward pass:
 *     far less memory, a third more time
 */
public record TrainingSettings(int microBatchTokens, int threads, boolean gradientCheckpointing) {

    public TrainingSettings {
        if (microBatchTokens < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "microBatchTokens and threads must be at least 1, got " + microBatchTokens + " and " + threads);
        }
    }

    /**
     * The tokens of a micro-batch for a model. On a CPU, large models have micro-batches of at most 384 tokens: enough for
     * the matrix products, and few enough that a mini-batch has work for all threads and keeps few activations.
     *
     * @param device as in {@link ModelSettings}
     * @param most the limit for any model
     */
    public static int microBatchTokens(ModelConfig model, String device, int most) {
        return device.equals("cpu") && LargeModels.needsOneGradient(model)
                ? Math.min(most, LargeModels.MICRO_BATCH_TOKENS)
                : most;
    }
}
