package io.sppostream.learn.update;

/** Binary cross-entropy of the critic's logit against the reward, and how well values foretell rewards. */
public final class ValueLoss {
    private ValueLoss() {}

    /** V = sigmoid(z). */
    public static double probability(double logit) {
        return 1 / (1 + Math.exp(-logit));
    }

    /** -R log V - (1 - R) log(1 - V), in nats, computed from the logit so that no V rounds to 0 or 1. */
    public static double loss(double logit, double reward) {
        return Math.max(logit, 0) - logit * reward + Math.log1p(Math.exp(-Math.abs(logit)));
    }

    /** dloss / dz = V - R. */
    public static double gradient(double logit, double reward) {
        return probability(logit) - reward;
    }

    /**
     * 1 - Var(R - V) / Var(R), on the probability and not the logit; 0 where all rewards are equal, since there is
     * nothing to explain.
     *
     * @param values V, shape [n]
     * @param rewards R, shape [n]
     */
    public static double explainedVariance(double[] values, double[] rewards) {
        double[] residuals = new double[rewards.length];
        for (int i = 0; i < rewards.length; i++) {
            residuals[i] = rewards[i] - values[i];
        }
        double variance = variance(rewards);
        return variance == 0 ? 0 : 1 - variance(residuals) / variance;
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
