package io.sppostream.learn.update;

import io.sppostream.events.CalibrationBin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * How well a critic's values V in [0, 1] of prompts foretell the rewards R of their responses. Rewards outside of [0, 1]
 * count as the nearer end. Static functions of arrays of shape [n].
 */
public final class Calibration {
    /** Bins of the reliability diagram, of equal width over [0, 1]. */
    public static final int BINS = 10;

    /** From this reward on, a response counts as rewarded. */
    private static final double REWARDED = 0.5;

    private Calibration() {}

    /**
     * Counts and sums of values and rewards by value. Bin b has the values in [b / 10, (b + 1) / 10), and the last bin 1
     * too.
     *
     * @return all bins in order, also empty ones
     */
    public static List<CalibrationBin> bins(double[] values, double[] rewards) {
        long[] counts = new long[BINS];
        double[] valueSums = new double[BINS];
        double[] rewardSums = new double[BINS];
        for (int i = 0; i < values.length; i++) {
            int bin = (int) Math.max(0, Math.min(BINS - 1, Math.floor(BINS * values[i])));
            counts[bin]++;
            valueSums[bin] += values[i];
            rewardSums[bin] += bounded(rewards[i]);
        }
        List<CalibrationBin> bins = new ArrayList<>(BINS);
        for (int bin = 0; bin < BINS; bin++) {
            bins.add(new CalibrationBin(counts[bin], valueSums[bin], rewardSums[bin]));
        }
        return bins;
    }

    /**
     * Expected calibration error (Naeini et al. 2015): the sum over bins of n_b / n |mean R - mean V|. 0 if there are no
     * values.
     */
    public static double expectedError(List<CalibrationBin> bins) {
        double error = 0;
        long count = 0;
        for (CalibrationBin bin : bins) {
            error += Math.abs(bin.getRewardSum() - bin.getValueSum());
            count += bin.getCount();
        }
        return count == 0 ? 0 : error / count;
    }

    /** Brier score: the mean of (V - R)^2. NaN if there are no values. */
    public static double brierScore(double[] values, double[] rewards) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            double apart = values[i] - bounded(rewards[i]);
            sum += apart * apart;
        }
        return sum / values.length;
    }

    /**
     * Area under the ROC curve: the probability that a rewarded response, one with R of 0.5 or more, has a higher value than
     * one that is not rewarded; equal values count a half. Computed from mid-ranks (Mann and Whitney 1947). Empty if either
     * kind is missing.
     */
    public static OptionalDouble auc(double[] values, double[] rewards) {
        int[] order = IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> values[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double ranks = 0; // of the rewarded, counting from 1
        long rewarded = 0;
        for (int from = 0, to; from < order.length; from = to) {
            long tied = 0;
            for (to = from; to < order.length && values[order[to]] == values[order[from]]; to++) {
                tied += rewards[order[to]] >= REWARDED ? 1 : 0;
            }
            ranks += tied * (from + 1 + to) / 2.0;
            rewarded += tied;
        }
        long others = values.length - rewarded;
        return rewarded == 0 || others == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of((ranks - rewarded * (rewarded + 1) / 2.0) / ((double) rewarded * others));
    }

    /** The numbers of a step, by the names the ledger uses; empty without values. */
    public static Map<String, Double> metrics(double[] values, double[] rewards) {
        Map<String, Double> metrics = new HashMap<>();
        if (values.length > 0) {
            metrics.put("brier_score", brierScore(values, rewards));
            metrics.put("expected_calibration_error", expectedError(bins(values, rewards)));
            auc(values, rewards).ifPresent(auc -> metrics.put("auc", auc));
        }
        return metrics;
    }

    /** The standard deviation of values, with the divisor n; 0 if there are none. */
    public static double deviation(double[] values) {
        double mean = Arrays.stream(values).average().orElse(0);
        return Math.sqrt(Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElse(0));
    }

    private static double bounded(double reward) {
        return Math.max(0, Math.min(1, reward));
    }
}
