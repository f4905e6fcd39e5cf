package io.sppostream.learn.update;

import java.util.Map;

/**
 * Measures how far the policy has moved from the policies that sampled its training tokens: statistics of the ratios
 * r = pi / pi_behaviour over the n response tokens of a step, each under the weights that its mini-batch began with. For
 * one thread.
 *
 * <p>The effective sample size is ESS = (sum r)^2 / (n sum r^2), in (0, 1]: the fraction of equally weighted tokens
 * that would carry the same information. It is 1 if all ratios are equal, and NaN if there is no token or a ratio is
 * NaN. It is over tokens and not over responses because the loss is a mean over tokens, each with its own ratio. The
 * product of the ratios of a response, which vanishes with its length, appears nowhere in the loss.
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

    /** Mean, maximum and effective sample size, by the names the ledger uses. */
    Map<String, Double> metrics() {
        return Map.of("ratio_mean", sum / tokens, "ratio_max", max, "effective_sample_size", effectiveSampleSize());
    }
}
