package io.sppostream.run.config;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Shipped settings: {@code presets/NAME.yaml} on the class path. A preset with the name of a built-in dataset holds
 * whenever that dataset is used. Others are for a dataset and a kind of model, and are chosen as {@code --config
 * presets/NAME}, as those of datasets may be too.
 */
final class Presets {
    /** The folder, in the names by which presets are chosen and on the class path. */
    private static final String FOLDER = "presets";

    /** Presets for a dataset and a kind of model. */
    static final List<String> OF_MODELS = List.of(
            "smollm2-arithmetic",
            "qwen2.5-0.5b-gsm8k",
            "gsm8k-lora",
            "r1-1.5b-deepscaler",
            "r1-7b-dapo",
            "r1-7b-dapo-small-critic");

    private Presets() {}

    /** The names of all presets: those of datasets, in the order of the datasets, then those of models. */
    static List<String> names() {
        return Stream.concat(Datasets.BUILT_IN.stream(), OF_MODELS.stream()).toList();
    }

    /** The settings of a preset or dataset; empty if there is no preset of that name. */
    static Map<String, String> of(String name) {
        if (!names().contains(name)) {
            return Map.of();
        }
        String file = "/" + FOLDER + "/" + name + ".yaml";
        try (InputStream in = Presets.class.getResourceAsStream(file)) {
            return in == null ? Map.of() : FlatYaml.read(in, file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The settings that a dataset brings: its preset or, if it is in files, a verifier that finds the answer in a text. */
    static Map<String, String> broughtBy(String dataset) {
        return Datasets.BUILT_IN.contains(dataset) ? of(dataset) : Map.of(SettingsDefinition.VERIFIER, "math");
    }

    /** The settings of a preset with its dataset among them. */
    static Map<String, String> withDataset(String name) {
        Map<String, String> settings = new HashMap<>(of(name));
        if (Datasets.BUILT_IN.contains(name)) {
            settings.put(SettingsDefinition.DATASET, name);
        }
        return settings;
    }

    /**
     * The preset that a configuration file {@code presets/NAME} means, if there is no such file.
     *
     * @return null if it means none
     * @throws UserException if there is no preset of that name; the message lists all
     */
    static @Nullable String meantBy(Path file) {
        Path parent = file.getParent();
        if (parent == null || !parent.equals(Path.of(FOLDER)) || Files.exists(file)) {
            return null;
        }
        String name = file.getFileName().toString();
        if (!names().contains(name)) {
            throw new UserException("there is no preset '" + name + "', and no file " + file + "; the presets are "
                    + names().stream().map(each -> FOLDER + "/" + each).collect(Collectors.joining(", "))
                    + Suggestions.question(name, names()));
        }
        return name;
    }
}
