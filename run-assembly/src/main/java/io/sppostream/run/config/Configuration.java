package io.sppostream.run.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.UserException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.jspecify.annotations.Nullable;

/**
 * The effective configuration. Later ones win: the defaults of {@link RunSettings}, the preset of a built-in task, the
 * YAML file, the environment ({@code SPPO_BATCH_SIZE} for {@code batch.size}), the flags. Keys of the file and flags
 * that begin with {@code kafka.} are Kafka and registry client properties and are passed through.
 *
 * @param settings the settings, validated
 * @param kafkaProperties client properties, without their prefix
 */
public record Configuration(RunSettings settings, Map<String, String> kafkaProperties) {
    private static final String KAFKA_PREFIX = "kafka.";
    private static final String ENVIRONMENT_PREFIX = "SPPO_";
    private static final ObjectMapper YAML =
            new ObjectMapper(new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));

    /**
     * Reads the configuration.
     *
     * @param file YAML file; null for none
     * @param environment the process's environment
     * @param flags settings given on the command line, by name
     * @throws UserException naming the setting, where it comes from and what it takes
     */
    public static Configuration load(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        return load(file, environment, flags, Map.of());
    }

    /**
     * Reads the configuration.
     *
     * @param fallbacks settings that hold where nothing else gives them
     */
    public static Configuration load(
            @Nullable Path file,
            Map<String, String> environment,
            Map<String, String> flags,
            Map<String, String> fallbacks) {
        Map<String, String> given = new HashMap<>();
        if (file != null) {
            given.putAll(checked(readFile(file), "in " + file));
        }
        given.putAll(checked(fromEnvironment(environment), "in the environment"));
        given.putAll(checked(flags, "on the command line"));

        Map<String, String> values = new HashMap<>(fallbacks);
        values.putAll(preset(given.getOrDefault("dataset", "addition")));
        values.putAll(given);
        Map<String, String> kafka = new HashMap<>();
        values.forEach((name, value) -> {
            if (name.startsWith(KAFKA_PREFIX)) {
                kafka.put(name.substring(KAFKA_PREFIX.length()), value);
            }
        });
        values.keySet().removeIf(name -> name.startsWith(KAFKA_PREFIX));
        try {
            return new Configuration(new RunSettings(values), Map.copyOf(kafka));
        } catch (ConfigException e) {
            throw new UserException("configuration: " + e.getMessage());
        }
    }

    /**
     * A configuration as a run has recorded it.
     *
     * @param yaml of {@link #toYaml()}; client properties in it are left out, since secrets among them are redacted
     * @param changes settings that are to be otherwise
     * @throws UserException where a change names no setting, or a value can't be
     */
    public static Configuration recorded(
            String yaml, Map<String, String> changes, Map<String, String> kafkaProperties) {
        Map<String, String> values;
        try (InputStream in = new ByteArrayInputStream(yaml.getBytes(UTF_8))) {
            values = parse(in, "on the log");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        values.putAll(checked(changes, "on the command line"));
        values.keySet().removeIf(name -> name.startsWith(KAFKA_PREFIX));
        try {
            return new Configuration(new RunSettings(values), kafkaProperties);
        } catch (ConfigException e) {
            throw new UserException("configuration: " + e.getMessage());
        }
    }

    private static Map<String, String> checked(Map<String, String> values, String where) {
        for (String name : values.keySet()) {
            if (!RunSettings.exists(name) && !name.startsWith(KAFKA_PREFIX)) {
                throw new UserException(
                        "there is no setting '" + name + "' (" + where + "); did you mean '" + nearest(name) + "'?");
            }
        }
        return values;
    }

    private static String nearest(String name) {
        return RunSettings.DEFINITION.names().stream()
                .min(Comparator.comparingInt(known -> editDistance(name, known)))
                .orElseThrow();
    }

    private static int editDistance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(substituted, 1 + Math.min(previous[j], row[j - 1]));
            }
            previous = row;
        }
        return previous[b.length()];
    }

    private static Map<String, String> readFile(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return parse(in, file.toString());
        } catch (IOException e) {
            throw new UserException("configuration file " + file + " can't be read: "
                    + (Files.exists(file) ? e.getMessage() : "there is no such file"));
        }
    }

    private static Map<String, String> preset(String dataset) {
        try (InputStream in = Configuration.class.getResourceAsStream("/presets/" + dataset + ".yaml")) {
            return in == null ? Map.of() : parse(in, "preset " + dataset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> parse(InputStream in, String where) throws IOException {
        Map<String, Object> tree;
        try {
            JsonNode root = YAML.readTree(in);
            tree = root.isMissingNode() || root.isNull()
                    ? Map.of()
                    : YAML.readerFor(new TypeReference<Map<String, Object>>() {})
                            .readValue(root);
        } catch (JacksonException e) {
            throw new UserException("configuration file " + where + " is not a YAML map of settings"
                    + (e.getLocation() == null || e.getLocation().getLineNr() < 1
                            ? ""
                            : ", line " + e.getLocation().getLineNr())
                    + ": "
                    + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
        Map<String, String> flat = new HashMap<>();
        flatten("", tree, flat);
        // A map of datasets can't be a verifier's name besides, so that the one for all the others is an entry of it.
        String others = flat.remove(RewardFactory.BY_DATASET + "default");
        if (others != null) {
            flat.put(RewardFactory.STANDARD, others);
        }
        return flat;
    }

    private static void flatten(String prefix, Map<?, ?> tree, Map<String, String> flat) {
        tree.forEach((key, value) -> {
            String name = prefix + key;
            if (value instanceof Map<?, ?> nested) {
                flatten(name + ".", nested, flat);
            } else {
                flat.put(name, Objects.toString(value, ""));
            }
        });
    }

    private static Map<String, String> fromEnvironment(Map<String, String> environment) {
        Map<String, String> values = new HashMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(ENVIRONMENT_PREFIX)) {
                values.put(
                        name.substring(ENVIRONMENT_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            }
        });
        return values;
    }

    /** How to reach the cluster. */
    public KafkaSettings kafka(String bootstrapServers, String schemaRegistryUrl) {
        return new KafkaSettings(bootstrapServers, schemaRegistryUrl, kafkaProperties);
    }

    /** All settings in force, in alphabetical order, secrets redacted. */
    public SortedMap<String, Object> effective() {
        SortedMap<String, Object> all = new TreeMap<>(settings.values());
        settings.choices().forEach((dataset, choice) -> all.put(RewardFactory.BY_DATASET + dataset, choice));
        settings.verifierSettings()
                .forEach((name, value) -> all.put(RewardFactory.DEFINITIONS + name, redacted(name, value)));
        kafkaProperties.forEach((name, value) -> all.put(KAFKA_PREFIX + name, redacted(name, value)));
        return all;
    }

    /** {@link #effective()} as YAML. */
    public String toYaml() {
        try {
            return YAML.writeValueAsString(effective());
        } catch (JacksonException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The settings that have a bearing on training and differ from those of a recorded configuration, as {@code name:
     * recorded -> here}; a run must not go on with them. Kafka properties have none.
     *
     * @param recorded a configuration as {@link #toYaml()} wrote it
     */
    public List<String> differencesInTraining(String recorded) {
        Map<String, String> before = yaml(recorded);
        Map<String, String> now = yaml(toYaml());
        TreeSet<String> names = new TreeSet<>(before.keySet());
        names.addAll(now.keySet());
        return names.stream()
                .filter(name -> !name.startsWith(KAFKA_PREFIX) && RunSettings.affectsTraining(name))
                // A setting that an older or newer program did not have was as its default is.
                .filter(name -> !Objects.equals(orDefault(before, name), orDefault(now, name)))
                .map(name -> name + ": " + orDefault(before, name) + " -> " + orDefault(now, name))
                .toList();
    }

    private static @Nullable String orDefault(Map<String, String> values, String name) {
        if (values.containsKey(name) || !RunSettings.DEFINITION.defaultValues().containsKey(name)) {
            return values.get(name);
        }
        return Objects.toString(RunSettings.DEFINITION.defaultValues().get(name));
    }

    private static Map<String, String> yaml(String text) {
        try {
            return parse(new ByteArrayInputStream(text.getBytes(UTF_8)), "as recorded");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String redacted(String name, String value) {
        return Secrets.named(name) ? Password.HIDDEN : value;
    }

    /** SHA-256 of {@link #toYaml()}. */
    public String sha256() {
        return Hashes.sha256(toYaml());
    }
}
