package io.sppostream.model;

/**
 * A request for one completion.
 *
 * @param prompt token ids that the completion continues, at least one
 * @param seed of this completion's random numbers; the same request, parameters and weights give the same tokens
 * @param greedy whether the most probable token is taken at every position, whatever the parameters
 * @param maxTokens longest response, the end token included; {@link SamplingParameters#maxTokens} holds as well
 */
public record SampleRequest(int[] prompt, long seed, boolean greedy, int maxTokens) {
    public SampleRequest {
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens must be at least 1, got " + maxTokens);
        }
    }

    /** A request that samples as the parameters say. */
    public SampleRequest(int[] prompt, long seed) {
        this(prompt, seed, false, Integer.MAX_VALUE);
    }
}
