package io.sppostream.run.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * The settings that datasets bring: {@code presets/DATASET.yaml} on the class path for a built-in one. For files it is the
 * verifier: a response is a text that contains the answer.
 */
final class Presets {
    private static final Map<String, String> OF_FILES = Map.of(SettingsDefinition.VERIFIER, "math");

    private Presets() {}

    /** Whether a dataset has a preset of its own. */
    static boolean exists(String dataset) {
        return Datasets.BUILT_IN.contains(dataset) && !of(dataset).isEmpty();
    }

    /** The settings that a dataset brings; empty if it brings none. */
    static Map<String, String> of(String dataset) {
        if (!Datasets.BUILT_IN.contains(dataset)) {
            return OF_FILES;
        }
        String file = "/presets/" + dataset + ".yaml";
        try (InputStream in = Presets.class.getResourceAsStream(file)) {
            return in == null ? Map.of() : FlatYaml.read(in, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
