package io.sppostream.estimator;

/**
 * Count, mean and variance of the advantages of trained tokens, and the whitening by them (verl's
 * {@code masked_whiten}): {@code (A - mean) / sqrt(var + 1e-8)}, with the unbiased variance.
 *
 * <p>Moments of mini-batches are merged (Chan, Golub and LeVeque 1979). The sum depends on the order of merging in its
 * last bits: merge in the order of the batch.
 *
 * @param tokens n, the number of trained tokens
 * @param mean their mean advantage; 0 if there are none
 * @param squares the sum of {@code (A - mean)^2}
 */
public record Moments(long tokens, double mean, double squares) {
    /** Of no tokens. */
    public static final Moments NONE = new Moments(0, 0, 0);

    private static final double EPSILON = 1e-8;

    /** The moments of one response. */
    public static Moments of(Segments segments) {
        Moments moments = NONE;
        for (int run = 0; run < segments.count(); run++) {
            if (segments.isTrained(run)) {
                int tokens = segments.end(run) - segments.start(run);
                moments = moments.plus(new Moments(tokens, segments.advantage(run), 0));
            }
        }
        return moments;
    }

    /** The moments of these tokens and others together. */
    public Moments plus(Moments other) {
        if (tokens == 0 || other.tokens == 0) {
            return tokens == 0 ? other : this;
        }
        long all = tokens + other.tokens;
        double apart = other.mean - mean;
        return new Moments(
                all,
                mean + apart * other.tokens / all,
                squares + other.squares + apart * apart * ((double) tokens * other.tokens / all));
    }

    /**
     * The unbiased variance, {@code squares / (n - 1)}.
     *
     * @throws IllegalStateException if there are fewer than two tokens
     */
    public double variance() {
        if (!canWhiten()) {
            throw new IllegalStateException("the variance of " + tokens + " tokens is not defined");
        }
        return squares / (tokens - 1);
    }

    /** Whether there are at least two tokens, which a variance takes. */
    public boolean canWhiten() {
        return tokens >= 2;
    }

    /**
     * Whitens the advantages of a response by the moments of its batch. Tokens that are not trained get 0. With fewer
     * than two trained tokens in the batch there is no variance, and the advantages stay as they are.
     */
    public Segments whiten(Segments segments) {
        if (!canWhiten()) {
            return segments;
        }
        double deviation = Math.sqrt(variance() + EPSILON);
        return segments.map(advantage -> (advantage - mean) / deviation);
    }
}
