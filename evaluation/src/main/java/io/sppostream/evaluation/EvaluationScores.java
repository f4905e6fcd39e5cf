package io.sppostream.evaluation;

import io.sppostream.log.UserException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The scores of a model on all benchmarks.
 *
 * @param samples of each problem
 * @param benchmarks in the order that was asked for, at least one
 */
public record EvaluationScores(int samples, List<BenchmarkScore> benchmarks) {
    /** Names the mean of the benchmarks among them. */
    public static final String MEAN = "mean";

    public EvaluationScores {
        benchmarks = List.copyOf(benchmarks);
    }

    /** The mean of a metric over the benchmarks, each with the same weight. */
    public Metric mean(String metric) {
        return Metric.overBenchmarks(
                benchmarks.stream().map(score -> score.metric(metric)).toArray(Metric[]::new));
    }

    /**
     * Checks that there are the scores that minima are given for.
     *
     * @param minima smallest values by {@code benchmark:metric}
     * @throws UserException naming the one that there is not
     */
    public static void requireKnown(Map<String, Double> minima, List<String> benchmarks, int samples) {
        List<String> metrics = BenchmarkScore.metricNames(samples);
        for (String name : minima.keySet()) {
            int colon = name.lastIndexOf(':');
            String benchmark = colon < 0 ? "" : name.substring(0, colon);
            if (colon < 0 || !(benchmarks.contains(benchmark) || benchmark.equals(MEAN))) {
                throw new UserException("--min " + name + ": give benchmark:metric=VALUE, with one of "
                        + String.join(", ", benchmarks) + ", " + MEAN);
            }
            if (!metrics.contains(name.substring(colon + 1))) {
                throw new UserException("--min " + name + ": there is no metric '" + name.substring(colon + 1)
                        + "'; there are " + String.join(", ", metrics));
            }
        }
    }

    /** The scores that do not reach their minimum, a line each; NaN reaches none. */
    public List<String> below(Map<String, Double> minima) {
        return minima.entrySet().stream()
                .filter(minimum -> !(value(minimum.getKey()) >= minimum.getValue()))
                .map(minimum -> String.format(
                        Locale.ROOT,
                        "%s is %.4f, below the minimum %s",
                        minimum.getKey(),
                        value(minimum.getKey()),
                        minimum.getValue()))
                .sorted()
                .toList();
    }

    private double value(String name) {
        int colon = name.lastIndexOf(':');
        String benchmark = name.substring(0, colon);
        String metric = name.substring(colon + 1);
        return benchmarks.stream()
                .filter(score -> score.benchmark().equals(benchmark))
                .findFirst()
                .map(score -> score.metric(metric))
                .orElseGet(() -> mean(metric))
                .value();
    }
}
