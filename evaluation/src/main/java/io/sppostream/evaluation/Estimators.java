package io.sppostream.evaluation;

/** Estimators over the samples of problems. Static functions. */
public final class Estimators {
    private Estimators() {}

    /** The arithmetic mean; NaN of no values. */
    public static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    /**
     * The unbiased estimate of pass@k, the probability that at least one of k samples is correct: 1 - C(n-c, k) / C(n, k)
     * (Chen et al., "Evaluating Large Language Models Trained on Code", 2021, equation 1). It is computed as a product, so
     * that no binomial coefficient overflows.
     *
     * @param n samples of the problem, at least k
     * @param c correct ones among them
     * @param k at least 1
     */
    public static double passAtK(int n, int c, int k) {
        if (c < 0 || c > n || k < 1 || k > n) {
            throw new IllegalArgumentException("pass@" + k + " of " + n + " samples, " + c + " of them correct");
        }
        double allWrong = 1;
        for (int i = 0; i < k; i++) {
            // The i-th of k draws without replacement is wrong, too; 0 once there are more draws than wrong samples.
            allWrong *= Math.max(0, n - c - i) / (double) (n - i);
        }
        return 1 - allWrong;
    }

    /**
     * The standard error of a mean over independent problems: the standard deviation of the values, with n - 1 in the
     * denominator, divided by the square root of n. The values of problems that are sampled several times vary by the
     * problem and by the samples, and the error covers both.
     *
     * @return NaN of fewer than two values
     */
    public static double standardError(double[] values) {
        int n = values.length;
        if (n < 2) {
            return Double.NaN;
        }
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / (n - 1) / n);
    }

    /** The standard error of the mean of independent estimates, from the standard errors of these. */
    public static double standardErrorOfMean(double[] errors) {
        double squares = 0;
        for (double error : errors) {
            squares += error * error;
        }
        return Math.sqrt(squares) / errors.length;
    }
}
