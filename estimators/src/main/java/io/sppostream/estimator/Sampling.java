package io.sppostream.estimator;

/**
 * How a request samples. Unless it is greedy, it draws at the temperature of the run, the one that behaviour log-probs
 * refer to.
 *
 * @param greedy whether the most likely token is taken at every position
 * @param maxTokens most tokens of one response, the prefix not counted. The run's own limit, of prefix and response
 *     together, holds as well
 */
public record Sampling(boolean greedy, int maxTokens) {
    /** Up to the limit of the run. */
    public static final int UNLIMITED = Integer.MAX_VALUE;

    /** As the run samples. */
    public static final Sampling DEFAULT = new Sampling(false, UNLIMITED);

    /** The most likely token at every position. */
    public static final Sampling GREEDY = new Sampling(true, UNLIMITED);

    public Sampling {
        if (maxTokens < 1) {
            throw new IllegalArgumentException("a response of at most " + maxTokens + " tokens cannot be sampled");
        }
    }

    /** As the run samples, but at most that many tokens. */
    public static Sampling upTo(int maxTokens) {
        return new Sampling(false, maxTokens);
    }
}
