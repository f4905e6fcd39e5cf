package io.sppostream.run.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sppostream.events.CalibrationBin;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reliability of a critic over some of its steps: how often responses to prompts of about the same value V were
 * rewarded.
 *
 * @param fromStep the first step
 * @param toStep the last step
 * @param samples in all bins
 * @param expectedCalibrationError the sum over bins of n_b / n |mean R - mean V|; null without samples
 * @param bins of equal width over [0, 1], in order
 */
public record Reliability(
        @JsonProperty("from_step") int fromStep,
        @JsonProperty("to_step") int toStep,
        @JsonProperty("samples") long samples,

        @JsonProperty("expected_calibration_error") @Nullable
        Double expectedCalibrationError,

        @JsonProperty("bins") List<Bin> bins) {
    /** Numbers that the ledger has of a bin. */
    static final int NUMBERS = 3;

    /**
     * The samples whose values are in a range.
     *
     * @param from its lower end
     * @param to its upper end, which belongs to the next bin unless it is 1
     * @param valueMean mean V; null if the bin is empty
     * @param rewardMean mean R; null if the bin is empty
     */
    public record Bin(
            @JsonProperty("from") double from,
            @JsonProperty("to") double to,
            @JsonProperty("count") long count,
            @JsonProperty("value_mean") @Nullable Double valueMean,
            @JsonProperty("reward_mean") @Nullable Double rewardMean) {}

    /** The bins of a ledger record as numbers: count, sum of values and sum of rewards of each. */
    static double[] pack(List<CalibrationBin> bins) {
        double[] packed = new double[NUMBERS * bins.size()];
        for (int i = 0; i < bins.size(); i++) {
            packed[NUMBERS * i] = bins.get(i).getCount();
            packed[NUMBERS * i + 1] = bins.get(i).getValueSum();
            packed[NUMBERS * i + 2] = bins.get(i).getRewardSum();
        }
        return packed;
    }

    /**
     * The sum over steps.
     *
     * @param steps the bins of each step, packed; those without bins, or with other bins than the last, do not count
     * @return null if there are no samples
     */
    static @Nullable Reliability of(int fromStep, int toStep, List<double[]> steps) {
        int numbers = steps.isEmpty() ? 0 : steps.get(steps.size() - 1).length;
        double[] sums = new double[numbers];
        for (double[] step : steps) {
            for (int i = 0; step.length == numbers && i < numbers; i++) {
                sums[i] += step[i];
            }
        }
        int count = numbers / NUMBERS;
        List<Bin> bins = new ArrayList<>(count);
        double samples = 0;
        double error = 0;
        for (int i = 0; i < count; i++) {
            double n = sums[NUMBERS * i];
            double values = sums[NUMBERS * i + 1];
            double rewards = sums[NUMBERS * i + 2];
            samples += n;
            error += Math.abs(rewards - values);
            bins.add(new Bin(
                    (double) i / count,
                    (i + 1.0) / count,
                    (long) n,
                    n > 0 ? (Double) (values / n) : null,
                    n > 0 ? (Double) (rewards / n) : null));
        }
        return samples > 0 ? new Reliability(fromStep, toStep, (long) samples, error / samples, bins) : null;
    }
}
