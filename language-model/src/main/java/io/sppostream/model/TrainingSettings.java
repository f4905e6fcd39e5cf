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
}
