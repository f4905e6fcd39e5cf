package io.sppostream.evaluation;

/**
 * A measured value.
 *
 * @param value the value
 * @param standardError its standard error; NaN if there is none
 */
public record Metric(double value, double standardError) {
    /** The mean over problems, with its standard error. */
    static Metric overProblems(double[] values) {
        return new Metric(Estimators.mean(values), Estimators.standardError(values));
    }

    /** The mean of independent benchmarks, with its standard error. */
    static Metric overBenchmarks(Metric[] metrics) {
        double[] values = new double[metrics.length];
        double[] errors = new double[metrics.length];
        for (int i = 0; i < metrics.length; i++) {
            values[i] = metrics[i].value;
            errors[i] = metrics[i].standardError;
        }
        return new Metric(Estimators.mean(values), Estimators.standardErrorOfMean(errors));
    }
}
