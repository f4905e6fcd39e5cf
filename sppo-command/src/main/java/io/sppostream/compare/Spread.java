package io.sppostream.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/** A measurement over seeds. */
record Spread(
        @JsonProperty("mean") double mean,
        @JsonProperty("min") double min,
        @JsonProperty("max") double max,
        @JsonProperty("runs") int runs) {

    /** The spread of some measurements; null if there are none. */
    static @Nullable Spread of(List<Double> values) {
        if (values.isEmpty()) {
            return null;
        }
        return new Spread(
                values.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
                values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                values.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
                values.size());
    }

    /** The mean and, if the runs differ, the least and the greatest, each as a function writes it. */
    String text(DoubleFunction<String> number) {
        String middle = number.apply(mean);
        return runs == 1
                ? middle
                : String.format(Locale.ROOT, "%s (%s to %s)", middle, number.apply(min), number.apply(max));
    }
}
