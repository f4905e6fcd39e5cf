package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.DATASET_ANSWER_FIELD;
import static io.sppostream.run.config.SettingsDefinition.DATASET_BAD_ROWS;
import static io.sppostream.run.config.SettingsDefinition.DATASET_NAME_FIELD;
import static io.sppostream.run.config.SettingsDefinition.DATASET_OVERLONG;
import static io.sppostream.run.config.SettingsDefinition.DATASET_PROMPT_FIELD;
import static io.sppostream.run.config.SettingsDefinition.DATASET_PROMPT_MAX_TOKENS;
import static io.sppostream.run.config.SettingsDefinition.DATASET_SHUFFLE;
import static io.sppostream.run.config.SettingsDefinition.DATASET_SUFFIX;
import static io.sppostream.run.config.SettingsDefinition.DATASET_SYSTEM;
import static io.sppostream.run.config.SettingsDefinition.DATASET_TEMPLATE;
import static io.sppostream.run.config.SettingsDefinition.DATASET_VALIDATION;
import static io.sppostream.run.config.SettingsDefinition.SKIP;

import io.sppostream.events.Message;
import io.sppostream.feed.data.BuiltInDatasets;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.DatasetSource;
import io.sppostream.feed.data.FileDataset;
import io.sppostream.feed.data.FileDatasetSettings;
import io.sppostream.feed.data.PromptLimit;
import io.sppostream.feed.data.RowFormat;
import io.sppostream.learn.PromptTokens;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ConversationException;
import io.sppostream.model.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Datasets by their names in configurations. */
public final class Datasets {
    static final List<String> BUILT_IN = BuiltInDatasets.names();

    /** Settings of datasets in files, which change nothing of a built-in one. */
    private static final List<String> OF_FILES = List.of(
            DATASET_VALIDATION,
            DATASET_SYSTEM,
            DATASET_TEMPLATE,
            DATASET_SUFFIX,
            DATASET_PROMPT_FIELD,
            DATASET_ANSWER_FIELD,
            DATASET_NAME_FIELD);

    private Datasets() {}

    /**
     * Opens the configured dataset: a built-in one by its name, or files. If prompts are limited in length, the tokenizer
     * of the configured model counts their tokens.
     *
     * @throws UserException if there is no such file, or it is malformed
     */
    public static Dataset open(RunSettings settings) {
        return BuiltInDatasets.make(settings.dataset()).orElseGet(() -> openFiles(settings));
    }

    private static Dataset openFiles(RunSettings settings) {
        int maxTokens = settings.getInt(DATASET_PROMPT_MAX_TOKENS);
        if (maxTokens == 0) {
            return FileDataset.read(files(settings, PromptLimit.NONE));
        }
        if (settings.policyModel().isEmpty()) {
            throw new UserException(
                    DATASET_PROMPT_MAX_TOKENS + ": give --model, whose tokenizer counts the tokens of a prompt");
        }
        try (Tokenizer tokenizer =
                Checkpoint.open(Path.of(settings.policyModel())).tokenizer()) {
            return FileDataset.read(files(
                    settings,
                    new PromptLimit(
                            maxTokens,
                            settings.getString(DATASET_OVERLONG).equals(SKIP),
                            messages -> tokens(tokenizer, messages))));
        }
    }

    /** Tokens of a conversation; 0 if the chat template refuses it, since the run then says why. */
    private static int tokens(Tokenizer tokenizer, List<Message> messages) {
        try {
            return PromptTokens.of(tokenizer, messages).length;
        } catch (ConversationException e) {
            return 0;
        }
    }

    private static FileDatasetSettings files(RunSettings settings, PromptLimit limit) {
        String validation = settings.getString(DATASET_VALIDATION);
        return new FileDatasetSettings(
                DatasetSource.parse(settings.dataset()),
                validation.isEmpty() ? List.of() : DatasetSource.parse(validation),
                settings.evaluationPrompts(),
                new RowFormat(
                        emptyToNull(settings.getString(DATASET_PROMPT_FIELD)),
                        emptyToNull(settings.getString(DATASET_ANSWER_FIELD)),
                        emptyToNull(settings.getString(DATASET_NAME_FIELD)),
                        settings.getString(DATASET_SYSTEM),
                        settings.getString(DATASET_TEMPLATE),
                        settings.getString(DATASET_SUFFIX)),
                limit,
                settings.getString(DATASET_BAD_ROWS).equals(SKIP),
                settings.getBoolean(DATASET_SHUFFLE));
    }

    /**
     * Name of the configured dataset, which its prompts carry and which chooses their verifier; several files have theirs,
     * and this is all of them joined by {@code +}. Opens no file.
     */
    public static String name(RunSettings settings) {
        return isBuiltIn(settings) ? settings.dataset() : DatasetSource.name(DatasetSource.parse(settings.dataset()));
    }

    private static boolean isBuiltIn(RunSettings settings) {
        return BUILT_IN.contains(settings.dataset());
    }

    /**
     * Checks that the settings {@code verifier.DATASET} name datasets that there are: built-in ones, the configured ones
     * and those of {@code dataset.others}. Checks too that a built-in dataset has no settings of files.
     *
     * @throws UserException naming the setting, and the dataset it may have meant
     */
    public static void requireKnown(RunSettings settings) {
        List<String> known = new ArrayList<>(BUILT_IN);
        if (isBuiltIn(settings)) {
            for (String setting : OF_FILES) {
                if (!settings.getString(setting).isEmpty()) {
                    throw new UserException(setting + " is for datasets in files: " + settings.dataset()
                            + " is a built-in dataset and brings its own prompts");
                }
            }
        } else {
            DatasetSource.parse(settings.dataset()).forEach(source -> known.add(source.name()));
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

    /**
     * Checks that the dataset has problems of each shard.
     *
     * @throws UserException naming the datasets that there are
     */
    public static void requireShards(RunSettings settings, Dataset dataset) {
        if (settings.shardedDatasets().isEmpty()) {
            return;
        }
        Set<String> known = dataset.training().stream()
                .map(problem -> problem.datasetIn(dataset.name()))
                .collect(Collectors.toCollection(TreeSet::new));
        for (String name : settings.shardedDatasets()) {
            if (!known.contains(name)) {
                throw new UserException(SettingsDefinition.FEED_SHARDS + ": no training problem is of a dataset '"
                        + name + "' (there are " + String.join(", ", known) + ")" + Suggestions.question(name, known));
            }
        }
    }

    private static @Nullable String emptyToNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
