package io.sppostream.run.config;

import io.sppostream.feed.data.Addition;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.JsonLines;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Datasets by what a configuration calls them. */
public final class Datasets {
    private Datasets() {}

    /**
     * Opens the configured dataset: a built-in one by its name, or a JSON Lines file.
     *
     * @throws io.sppostream.log.UserException where there is no such file, or it is malformed
     */
    public static Dataset open(RunSettings settings) {
        String dataset = settings.getString("dataset");
        return switch (dataset) {
            case Addition.NAME -> Addition.twoDigits();
            case Addition.ONE_DIGIT -> Addition.oneDigit();
            default ->
                JsonLines.read(
                        Path.of(dataset),
                        emptyToNull(settings.getString("dataset.prompt.field")),
                        emptyToNull(settings.getString("dataset.answer.field")),
                        settings.getInt("eval.prompts"));
        };
    }

    /** Name of the configured dataset, which its prompts carry and which chooses their verifier; opens no file. */
    public static String name(RunSettings settings) {
        String dataset = settings.getString("dataset");
        return switch (dataset) {
            case Addition.NAME, Addition.ONE_DIGIT -> dataset;
            default -> JsonLines.name(Path.of(dataset));
        };
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
