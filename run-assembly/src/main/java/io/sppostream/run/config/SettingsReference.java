package io.sppostream.run.config;

import io.sppostream.log.UserException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.text.WordUtils;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;

/**
 * The reference of settings, made of their definition: {@code docs/configuration.md}, and the same for the terminal. A
 * test keeps the file equal to {@link #markdown()}.
 */
public final class SettingsReference {
    private static final Pattern AT_LEAST = Pattern.compile("\\[([^,]+),\\.\\.\\.\\]");
    private static final Pattern BETWEEN = Pattern.compile("\\[([^,]+),\\.\\.\\.,([^,]+)\\]");
    private static final Pattern LIST = Pattern.compile("\\[(.*)\\]");
    private static final String NAME = "NAME.";
    private static final int WIDTH = 100;
    private static final String INDENT = "  ";

    /** A setting, as a reader sees it. */
    private record Entry(String key, String type, String defaultValue, String bounds, String description) {
        static Entry of(String prefix, ConfigKey key) {
            return new Entry(
                    prefix + key.name,
                    key.type == ConfigDef.Type.PASSWORD
                            ? "string"
                            : key.type.name().toLowerCase(Locale.ROOT),
                    defaultValue(key),
                    bounds(key),
                    key.documentation);
        }

        private static String defaultValue(ConfigKey key) {
            return key.hasDefault() && key.type != ConfigDef.Type.PASSWORD ? String.valueOf(key.defaultValue) : "";
        }

        private static String bounds(ConfigKey key) {
            String bounds = key.validator == null ? "" : key.validator.toString();
            bounds = AT_LEAST.matcher(bounds).replaceAll("at least $1");
            bounds = BETWEEN.matcher(bounds).replaceAll("$1 to $2");
            return LIST.matcher(bounds).replaceAll("$1");
        }

        String row() {
            return "| `" + key + "` | " + type + " | " + (defaultValue.isEmpty() ? "" : "`" + defaultValue + "`")
                    + " | " + cell(bounds) + " | " + cell(description) + " |\n";
        }

        String lines(String indent) {
            String about = Stream.of(type, bounds, defaultValue.isEmpty() ? "" : "default " + defaultValue)
                    .filter(text -> !text.isEmpty())
                    .collect(Collectors.joining("; "));
            String continued = indent + INDENT + INDENT;
            String heading =
                    WordUtils.wrap(key + " (" + about + ")", WIDTH - continued.length(), "\n" + continued, false);
            return indent + heading + "\n" + wrapped(description, indent + INDENT);
        }
    }

    private static final Entry OF_DATASET = new Entry(
            SettingsDefinition.VERIFIER_OF_DATASET + "DATASET",
            "string",
            "",
            "",
            "Verifiers of one dataset, in place of verifier. DATASET is the name of a built-in dataset, or of a"
                    + " file without its ending.");
    private static final Entry OF_VERIFIER = new Entry(
            SettingsDefinition.VERIFIER_SETTINGS + NAME + VerifierSettings.OWN + "KEY",
            "string",
            "",
            "",
            "A setting that the verifier itself defines.");
    private static final Entry OF_ESTIMATOR = new Entry(
            SettingsDefinition.ESTIMATOR_SETTINGS + "SETTING",
            "string",
            "",
            "",
            "A setting that the estimator itself describes, such as estimator.samples (docs/estimators.md).");
    private static final Entry OF_CLIENTS = new Entry(
            SettingsDefinition.KAFKA + "PROPERTY",
            "string",
            "",
            "names that a client defines",
            "A property of the Kafka or schema registry clients, such as kafka.security.protocol. The prefixes consumer.,"
                    + " producer., admin. and main.consumer. of Kafka Streams are understood; topic. is for the topics and changelogs"
                    + " that the run creates, such as kafka.topic.min.insync.replicas."
                    + " kafka.custom.PROPERTY passes on a property that no client defines, such as that of an"
                    + " interceptor.");

    private SettingsReference() {}

    /** The reference as Markdown. */
    public static String markdown() {
        StringBuilder text = new StringBuilder("""
                # Configuration
                <!-- Generated: ./sppo config --markdown > docs/configuration.md -->
                Sources of settings; later ones win:

                1. the defaults below;
                2. the preset of a built-in dataset ([presets](#presets));
                3. the YAML file of `--config`: nested maps and dotted keys are the same; `--config presets/NAME` is a shipped one ([presets](#presets));
                4. the environment: `SPPO_BATCH_SIZE=256` sets `batch.size`, `SPPO_KAFKA_LINGER_MS=50` sets `kafka.linger.ms`;
                5. the command line: `--steps 60` and other flags, `--set batch.size=256` for any setting.

                Names that do not exist are refused, with the nearest that do. `./sppo train` prints the settings that differ from defaults and preset; `./sppo train --print-config` prints all as YAML and exits. The full configuration is recorded on the topic `runs` with secrets redacted, and its hash is in every record of the ledger. `./sppo config` shows this reference on the terminal, `./sppo config --describe batch.size` one setting of it.

                """);
        text.append("A run is resumed with the settings it was begun with. These may change: ")
                .append(SettingsDefinition.keys().stream()
                        .map(key -> key.name)
                        .filter(ResumeRule::mayChange)
                        .map(name -> "`" + name + "`")
                        .collect(Collectors.joining(", ")))
                .append(" and `kafka.*`. Of these, ")
                .append(ResumeRule.NUMERIC.stream()
                        .sorted()
                        .map(name -> "`" + name + "`")
                        .collect(Collectors.joining(", ")))
                .append(
                        " change how results are rounded: if they change at K = 0, the weights may have other bits than those"
                                + " of an uninterrupted run.\n\nFormer names are understood, in old runs on the log too: ")
                .append(SettingNames.FORMER.entrySet().stream()
                        .map(name -> "`" + name.getKey() + "` is now `" + name.getValue() + "`")
                        .collect(Collectors.joining(", ")))
                .append(".\n");
        for (SettingGroup group : SettingGroup.values()) {
            text.append("\n## ")
                    .append(group.title())
                    .append('\n')
                    .append(group.description())
                    .append("\n\n");
            table(text, entries(group));
        }
        presets(text);
        return text.toString();
    }

    private static void table(StringBuilder text, List<Entry> entries) {
        text.append("| setting | type | default | bounds | |\n|---|---|---|---|---|\n");
        entries.forEach(entry -> text.append(entry.row()));
    }

    private static void presets(StringBuilder text) {
        text.append("\n## Presets\n")
                .append(
                        "A preset with the name of a built-in dataset holds whenever that dataset is used. The others are"
                                + " chosen as `--config presets/NAME` ([recipes](recipes.md)).\n\n");
        presets(text, Datasets.BUILT_IN);
        text.append('\n');
        presets(text, Presets.OF_MODELS);
    }

    private static void presets(StringBuilder text, List<String> names) {
        text.append("| setting | default | ")
                .append(String.join(" | ", names))
                .append(" |\n|---|---|")
                .append("---|".repeat(names.size()))
                .append('\n');
        for (ConfigKey key : SettingsDefinition.keys()) {
            List<String> values = names.stream()
                    .map(preset -> Presets.of(preset).getOrDefault(key.name, ""))
                    .toList();
            if (!values.stream().allMatch(String::isEmpty)) {
                text.append("| `")
                        .append(key.name)
                        .append("` | ")
                        .append(key.defaultValue)
                        .append(" | ")
                        .append(String.join(" | ", values))
                        .append(" |\n");
            }
        }
    }

    /** All settings for the terminal, group by group. */
    public static String text() {
        StringBuilder text = new StringBuilder();
        for (SettingGroup group : SettingGroup.values()) {
            text.append(text.isEmpty() ? "" : "\n").append(wrapped(group.title() + ": " + group.description(), ""));
            entries(group).forEach(entry -> text.append(entry.lines(INDENT)));
        }
        return text.toString();
    }

    /**
     * One setting for the terminal.
     *
     * @throws UserException if there is no such setting
     */
    public static String describe(String name) {
        String key = SettingNames.FORMER.getOrDefault(name, name);
        StringBuilder text = new StringBuilder(key.equals(name) ? "" : name + " is now called " + key + ".\n");
        text.append(entry(key).lines(""));
        for (String preset : Presets.names()) {
            String value = Presets.of(preset).get(key);
            if (value != null) {
                text.append(INDENT)
                        .append("Preset ")
                        .append(preset)
                        .append(": ")
                        .append(value)
                        .append('\n');
            }
        }
        String variable = "SPPO_" + key.toUpperCase(Locale.ROOT).replace('.', '_');
        return text.append(wrapped(
                        "Set by --set " + key + "=VALUE, " + variable + "=VALUE, or " + key
                                + ": VALUE in the YAML file.",
                        INDENT))
                .append(wrapped(
                        (ResumeRule.mayChange(key) ? "May change" : "Must not change") + " when a run is resumed.",
                        INDENT))
                .toString();
    }

    private static Entry entry(String key) {
        ConfigKey defined = SettingsDefinition.DEFINITION.configKeys().get(key);
        if (defined != null) {
            return Entry.of("", defined);
        }
        SettingNames.require(key, "with --describe");
        if (key.startsWith(SettingsDefinition.KAFKA)) {
            return OF_CLIENTS;
        }
        if (key.startsWith(SettingsDefinition.ESTIMATOR_SETTINGS)) {
            return OF_ESTIMATOR;
        }
        if (key.startsWith(SettingsDefinition.VERIFIER_OF_DATASET)) {
            return OF_DATASET;
        }
        String ofVerifier = key.substring(key.indexOf('.', SettingsDefinition.VERIFIER_SETTINGS.length()) + 1);
        ConfigKey own = VerifierSettings.DEFINITION.configKeys().get(ofVerifier);
        if (own != null) {
            return Entry.of(SettingsDefinition.VERIFIER_SETTINGS + NAME, own);
        }
        if (ofVerifier.startsWith(VerifierSettings.OWN)) {
            return OF_VERIFIER;
        }
        throw new UserException("verifiers have no setting '" + ofVerifier + "'"
                + Suggestions.question(ofVerifier, VerifierSettings.DEFINITION.names()));
    }

    private static List<Entry> entries(SettingGroup group) {
        List<Entry> entries = new ArrayList<>(entries(
                "",
                SettingsDefinition.keys().stream()
                        .filter(key -> SettingsDefinition.group(key) == group)
                        .toList()));
        if (group == SettingGroup.REWARD) {
            entries.add(OF_DATASET);
            entries.addAll(entries(
                    SettingsDefinition.VERIFIER_SETTINGS + NAME,
                    VerifierSettings.DEFINITION.configKeys().values()));
            entries.add(OF_VERIFIER);
        } else if (group == SettingGroup.ESTIMATOR) {
            entries.add(OF_ESTIMATOR);
        } else if (group == SettingGroup.CLUSTER) {
            entries.add(OF_CLIENTS);
        }
        return entries;
    }

    private static List<Entry> entries(String prefix, Collection<ConfigKey> keys) {
        return keys.stream().map(key -> Entry.of(prefix, key)).toList();
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private static String wrapped(String text, String indent) {
        return indent + WordUtils.wrap(text, WIDTH - indent.length(), "\n" + indent, false) + "\n";
    }
}
