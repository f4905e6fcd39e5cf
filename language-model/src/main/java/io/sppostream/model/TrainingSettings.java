package io.sppostream.model;

/**
 * How an update is computed. The result depends on {@code microBatchTokens}, and never on {@code threads}.
 *
 * @param microBatchTokens most tokens, padding included, that are computed in one piece; a longer sequence is a piece of
 *     its own
 * @param threads workers; give each a core
 * @param gradientCheckpointing keep only each layer's input and compute the layer again on the way back: far less
 *     memory, a third more time
 */
public record TrainingSettings(int microBatchTokens, int threads, boolean gradientCheckpointing) {

    public TrainingSettings {
        if (microBatchTokens < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "microBatchTokens and threads must be at least 1, got " + microBatchTokens + " and " + threads);
        }
    }
}
