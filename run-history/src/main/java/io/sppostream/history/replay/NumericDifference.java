package io.sppostream.history.replay;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Absolute differences between numbers of a replay and the recorded ones.
 *
 * @param count pairs that were compared
 * @param different pairs that are not bit-identical
 * @param mean over all pairs
 * @param max over all pairs
 */
record NumericDifference(
        @JsonProperty("count") long count,
        @JsonProperty("different") long different,
        @JsonProperty("mean") double mean,
        @JsonProperty("max") double max) {

    /** Accumulates pairs. Not thread-safe. */
    static final class Accumulator {
        private long count;
        private long different;
        private double sum;
        private double max;

        void add(double recorded, double replayed) {
            count++;
            if (Double.compare(recorded, replayed) != 0) {
                double difference = Math.abs(replayed - recorded);
                different++;
                sum += difference;
                max = Math.max(max, difference);
            }
        }

        NumericDifference result() {
            return new NumericDifference(count, different, count == 0 ? 0 : sum / count, max);
        }
    }
}
