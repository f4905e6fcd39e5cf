package io.sppostream.run.report;

import java.util.AbstractMap;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Packs the measurements of steps. Steps measure much the same things, so they share the names, and a step takes eight
 * bytes for each name that was known when it was packed. Not thread-safe.
 */
final class Measurements {
    /** What a step has in the place of a name that it did not measure: a NaN that no computation results in. */
    private static final long ABSENT = 0x7ff8_0000_5bb0_5bb0L;

    /** Copied when a name is added, since packed steps refer to it. */
    private Map<String, Integer> places = Map.of();

    /** A copy of a step's measurements that cannot be changed. */
    Map<String, Double> pack(Map<String, Double> measured) {
        if (!places.keySet().containsAll(measured.keySet())) {
            Map<String, Integer> more = new LinkedHashMap<>(places);
            new TreeMap<>(measured).keySet().forEach(name -> more.putIfAbsent(name, more.size()));
            places = more;
        }
        double[] values = new double[places.size()];
        Arrays.fill(values, Double.longBitsToDouble(ABSENT));
        measured.forEach((name, value) -> values[places.getOrDefault(name, 0)] = value);
        return new Packed(places, values);
    }

    private static boolean isAbsent(double value) {
        return Double.doubleToRawLongBits(value) == ABSENT;
    }

    private static final class Packed extends AbstractMap<String, Double> {
        private final Map<String, Integer> places;
        private final double[] values;

        Packed(Map<String, Integer> places, double[] values) {
            this.places = places;
            this.values = values;
        }

        @Override
        public @Nullable Double get(@Nullable Object name) {
            Integer place = places.get(name);
            return place == null || isAbsent(values[place]) ? null : (Double) values[place];
        }

        @Override
        public boolean containsKey(@Nullable Object name) {
            Integer place = places.get(name);
            return place != null && !isAbsent(values[place]);
        }

        @Override
        public Set<Entry<String, Double>> entrySet() {
            Map<String, Double> all = new TreeMap<>();
            places.forEach((name, place) -> {
                if (!isAbsent(values[place])) {
                    all.put(name, values[place]);
                }
            });
            return all.entrySet();
        }
    }
}
