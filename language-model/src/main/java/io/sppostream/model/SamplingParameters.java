package io.sppostream.model;

/**
 * Parameters of sampling.
 *
 * @param temperature divides the logits before the softmax; 0 selects the most probable token
 * @param topP nucleus sampling: the smallest set of most probable tokens whose mass reaches it; 1 is off
 * @param topK number of most probable tokens to sample from; 0 is off
 * @param maxTokens longest response, the end token included
 */
public record SamplingParameters(double temperature, double topP, int topK, int maxTokens) {

    public SamplingParameters {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be finite and at least 0, got " + temperature);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP must be in (0, 1], got " + topP);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("topK must be at least 0, got " + topK);
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens must be at least 1, got " + maxTokens);
        }
    }
}
