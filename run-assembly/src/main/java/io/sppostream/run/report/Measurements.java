package io.sppostream.run.report;

import java.util.AbstractMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Packs the measurements of steps. Steps measure the same things as a rule, so they share the names, and a step takes
 * eight bytes a measurement. Not thread-safe.
 */
final class Measurements {
    private Map<String, Integer> places = Map.of();

    /** A copy of a step's measurements that cannot be changed. */
    Map<String, Double> pack(Map<String, Double> measured) {
        if (!places.keySet().equals(measured.keySet())) {
            places = new LinkedHashMap<>();
            new TreeMap<>(measured).keySet().forEach(name -> places.put(name, places.size()));
        }
        double[] values = new double[places.size()];
        places.forEach((name, place) -> values[place] = measured.getOrDefault(name, Double.NaN));
        return new Packed(places, values);
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
            return place == null ? null : values[place];
        }

        @Override
        public Set<Entry<String, Double>> entrySet() {
            Map<String, Double> all = new LinkedHashMap<>();
            places.forEach((name, place) -> all.put(name, values[place]));
            return all.entrySet();
        }
    }
}
