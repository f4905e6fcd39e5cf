package io.sppostream.learn.update;

import java.util.OptionalDouble;

/**
 * The value loss of SPPO (arXiv 2604.08865): binary cross-entropy between the critic's value V = sigmoid(z) of a prompt
 * and the reward R in [0, 1] of its response. Also the explained variance of values.
 *
 * <p>{@link #loss} and {@link #gradient} are of one prompt; {@link CriticUpdate} averages them over a mini-batch. Both stay
 * finite for any finite logit.
 */
public final class ValueLoss {
    /** Returns that are equal but for rounding differ by less. */
    private static final double ROUNDING = 1e-9;

    private ValueLoss() {}

    /** The value V = sigmoid(z), in [0, 1]. */
    public static double probability(double logit) {
        return 1 / (1 + Math.exp(-logit));
    }

    /** The loss -R log V - (1 - R) log(1 - V), in nats, from the logit: accurate where V rounds to 0 or 1. */
    public static double loss(double logit, double reward) {
        return Math.max(logit, 0) - logit * reward + Math.log1p(Math.exp(-Math.abs(logit)));
    }

    /** The gradient dloss / dz = V - R. */
    public static double gradient(double logit, double reward) {
        return probability(logit) - reward;
    }

    /**
     * Explained variance 1 - Var(G - V) / Var(G), at most 1, of values and not of logits. Empty if all targets are equal:
     * then there is no variance to explain.
     *
     * @param values V, shape [n]
     * @param targets G, the rewards of prompts or the returns of tokens, shape [n]
     */
    public static OptionalDouble explainedVariance(double[] values, double[] targets) {
        double[] residuals = new double[targets.length];
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < targets.length; i++) {
            residuals[i] = targets[i] - values[i];
            least = Math.min(least, targets[i]);
            greatest = Math.max(greatest, targets[i]);
        }
        return greatest - least > ROUNDING
                ? OptionalDouble.of(1 - variance(residuals) / variance(targets))
                : OptionalDouble.empty();
    }

    private static double variance(double[] x) {
        double sum = 0;
        for (double xi : x) {
            sum += xi;
        }
        double mean = sum / x.length;
        double squares = 0;
        for (double xi : x) {
            squares += (xi - mean) * (xi - mean);
        }
        return squares / x.length;
    }
}
