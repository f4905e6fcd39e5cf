package io.sppostream.learn.update;

import java.util.Map;

/**
 * How far the policy has moved from what sampled the tokens it trains on: the ratios r = pi / pi_behaviour of a step's
 * response tokens, each under the weights that its mini-batch began with. For one thread.
 *
 * <p>The effective sample size is ESS = (sum r)^2 / (n sum r^2) over the n tokens, in (0, 1]: the part of the tokens that
 * would say as much if each counted the same; 1 where all ratios are equal. It is taken over tokens and not over whole
 * responses because the loss is a mean over tokens, each with a ratio of its own: the product over a response, which
 * shrinks to nothing with its length, enters nowhere.
 */
public final class ImportanceRatios {
    private long tokens;
    private double sum;
    private double squares;
    private double max;

    void add(double ratio) {
        tokens++;
        sum += ratio;
        squares += ratio * ratio;
        max = Math.max(max, ratio);
    }

    void add(ImportanceRatios other) {
        tokens += other.tokens;
        sum += other.sum;
        squares += other.squares;
        max = Math.max(max, other.max);
    }

    double effectiveSampleSize() {
        return sum * sum / (tokens * squares);
    }

    /** By the names the ledger uses. */
    Map<String, Double> metrics() {
        return Map.of("ratio_mean", sum / tokens, "ratio_max", max, "effective_sample_size", effectiveSampleSize());
    }
}
