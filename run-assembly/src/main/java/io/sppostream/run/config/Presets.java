package io.sppostream.run.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** The settings that built-in datasets bring: {@code presets/DATASET.yaml} on the class path. */
final class Presets {
    private Presets() {}

    /** The preset of a dataset; empty if it has none. */
    static Map<String, String> of(String dataset) {
        if (!Datasets.BUILT_IN.contains(dataset)) {
            return Map.of();
        }
        String file = "/presets/" + dataset + ".yaml";
        try (InputStream in = Presets.class.getResourceAsStream(file)) {
            return in == null ? Map.of() : FlatYaml.read(in, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
