package io.sppostream.run.config;

import io.sppostream.feed.data.BuiltInDatasets;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.JsonLines;
import io.sppostream.log.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Datasets by their names in configurations. */
public final class Datasets {
    static final List<String> BUILT_IN = BuiltInDatasets.names();

    private Datasets() {}

    /**
     * Opens the configured dataset: a built-in one by its name, or a JSON Lines file.
     *
     * @throws UserException if there is no such file, or it is malformed
     */
    public static Dataset open(RunSettings settings) {
        String dataset = settings.dataset();
        return BuiltInDatasets.make(dataset)
                .orElseGet(() -> JsonLines.read(
                        Path.of(dataset),
                        emptyToNull(settings.getString(SettingsDefinition.DATASET_PROMPT_FIELD)),
                        emptyToNull(settings.getString(SettingsDefinition.DATASET_ANSWER_FIELD)),
                        settings.evaluationPrompts()));
    }

    /** Name of the configured dataset, which its prompts carry and which chooses their verifier; opens no file. */
    public static String name(RunSettings settings) {
        String dataset = settings.dataset();
        return BUILT_IN.contains(dataset) ? dataset : JsonLines.name(Path.of(dataset));
    }

    /**
     * Checks that the settings {@code verifier.DATASET} name datasets that there are: built-in ones, the configured one
     * and those of {@code dataset.others}.
     *
     * @throws UserException naming the setting, and the dataset it may have meant
     */
    public static void requireKnown(RunSettings settings) {
        List<String> known = new ArrayList<>(BUILT_IN);
        if (!known.contains(name(settings))) {
            known.add(name(settings));
        }
        known.addAll(settings.otherDatasets());
        for (String dataset : settings.verifiersOfDatasets().keySet()) {
            if (!known.contains(dataset)) {
                throw new UserException(SettingsDefinition.VERIFIER_OF_DATASET + dataset + ": there is no dataset '"
                        + dataset + "' (there are " + String.join(", ", known) + "; "
                        + SettingsDefinition.DATASET_OTHERS + " adds names)" + Suggestions.question(dataset, known));
            }
        }
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
