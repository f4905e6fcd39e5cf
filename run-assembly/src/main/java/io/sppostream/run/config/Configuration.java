package io.sppostream.run.config;

import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * The effective configuration of a run. Later sources win: the defaults of {@link SettingsDefinition}, the preset of a
 * built-in dataset, the YAML file or shipped preset, the environment ({@code SPPO_BATCH_SIZE} for {@code batch.size}), the flags. Settings
 * whose names begin with {@code kafka.} are properties of the Kafka and registry clients.
 *
 * @param settings the settings, validated
 * @param kafkaProperties client properties, without the prefix {@code kafka.}
 * @param notes remarks on the settings given, for the user, a line each
 * @param preset the preset that the settings build on: the one chosen, else that of the dataset; empty if there is none
 */
public record Configuration(
        RunSettings settings, Map<String, String> kafkaProperties, List<String> notes, String preset) {
    public Configuration {
        kafkaProperties = Map.copyOf(kafkaProperties);
        notes = List.copyOf(notes);
    }

    /**
     * Reads the configuration.
     *
     * @param file YAML file, or {@code presets/NAME} for a shipped preset; null for none
     * @param environment the environment of the process
     * @param flags settings given on the command line, by name
     * @throws UserException naming the setting, its source, and the values it takes or the names that are close
     */
    public static Configuration load(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        return load(file, environment, flags, Map.of());
    }

    /**
     * Reads the configuration.
     *
     * @param fallbacks settings that hold if no other source gives them
     */
    public static Configuration load(
            @Nullable Path file,
            Map<String, String> environment,
            Map<String, String> flags,
            Map<String, String> fallbacks) {
        ConfigurationSources given = new ConfigurationSources();
        given.addFile(file);
        given.addEnvironment(environment);
        given.addFlags(flags);

        Map<String, String> values = new HashMap<>(fallbacks);
        String dataset = given.values()
                .getOrDefault(
                        SettingsDefinition.DATASET,
                        String.valueOf(
                                SettingsDefinition.DEFINITION.defaultValues().get(SettingsDefinition.DATASET)));
        values.putAll(Presets.broughtBy(dataset));
        values.putAll(given.values());
        String preset =
                given.preset() != null ? given.preset() : Presets.of(dataset).isEmpty() ? "" : dataset;
        Map<String, String> kafka = new HashMap<>(connect(values));
        values.forEach((name, value) -> {
            if (name.startsWith(SettingsDefinition.KAFKA)) {
                kafka.put(name.substring(SettingsDefinition.KAFKA.length()), value);
            }
        });
        List<String> notes = new ArrayList<>(given.notes());
        Configuration configuration = of(values, kafka, notes, preset);
        if (!given.values().containsKey(SettingsDefinition.BATCH_SIZE)) {
            int batch = configuration.settings.batchSize();
            int whole = configuration.settings.wholeGroups(batch);
            if (whole != batch) {
                values.put(SettingsDefinition.BATCH_SIZE, Integer.toString(whole));
                configuration = of(values, kafka, notes, preset);
            }
        }
        EstimatorChoice.requireWholeGroups(configuration.settings);
        if (needsCriticOfPolicy(values, configuration.settings)) {
            values.put(SettingsDefinition.CRITIC_MODEL, RunSettings.POLICY);
            configuration = of(values, kafka, notes, preset);
        }
        int warmup = configuration.settings.estimator().recipe().criticWarmupSteps();
        if (warmup > 0 && warmup >= configuration.settings.steps()) {
            notes.add("the policy is not trained: estimator.critic.warmup.steps = " + warmup + ", and the run has "
                    + configuration.settings.steps() + " steps");
            configuration = new Configuration(configuration.settings, configuration.kafkaProperties, notes, preset);
        }
        return configuration;
    }

    /**
     * Whether the critic starts from the policy's checkpoint although no source says so: the policy is a model of the
     * user's own, whose prompts random weights know nothing of. Presets of built-in datasets give the size of a critic that
     * learns from nothing.
     */
    private static boolean needsCriticOfPolicy(Map<String, String> given, RunSettings settings) {
        return settings.hasCritic()
                && !settings.policyModel().isEmpty()
                && !given.containsKey(SettingsDefinition.CRITIC_MODEL)
                && !given.containsKey(SettingsDefinition.CRITIC_HIDDEN_SIZE);
    }

    /**
     * A configuration that a run has recorded, with changes.
     *
     * @param yaml as {@link #toYaml()} of this or a former version wrote it; its client properties are left out, since
     *     the secrets among them are redacted, and so is the folder of plugin estimators, since not only the user can
     *     write to the log
     * @param changes settings that replace recorded ones
     * @throws UserException if a change names no setting, or its value is out of bounds
     */
    public static Configuration recorded(
            String yaml, Map<String, String> changes, Map<String, String> kafkaProperties) {
        ConfigurationSources given = new ConfigurationSources();
        given.addFlags(changes);
        Map<String, String> values = readRecorded(yaml);
        // Whoever writes to the log could name a folder of code to load.
        values.remove(SettingsDefinition.ESTIMATOR_PLUGINS);
        return of(EstimatorChoice.replaced(values, given.values()), kafkaProperties, given.notes(), "");
    }

    private static Map<String, String> readRecorded(String yaml) {
        return SettingNames.current(FlatYaml.read(yaml), "on the log");
    }

    private static Configuration of(
            Map<String, String> values, Map<String, String> kafka, List<String> notes, String preset) {
        values.keySet().removeIf(name -> name.startsWith(SettingsDefinition.KAFKA));
        try {
            return new Configuration(new RunSettings(values), kafka, notes, preset);
        } catch (ConfigException e) {
            throw new UserException("configuration: " + Redactor.text(String.valueOf(e.getMessage())));
        }
    }

    /** What is given of the verifiers: their settings and the folder of plugins, by name of the setting. */
    public Map<String, String> givenVerifiers() {
        Map<String, String> given = new HashMap<>();
        settings.originals().forEach((name, value) -> {
            if (name.startsWith(SettingsDefinition.VERIFIER_SETTINGS)
                    || name.equals(SettingsDefinition.VERIFIER_PLUGINS)) {
                given.put(name, String.valueOf(value));
            }
        });
        return given;
    }

    /**
     * Reads the client properties file, if one is given. What it says of the cluster's addresses holds if no setting gives
     * them.
     *
     * @param values receives the addresses
     * @return the other properties
     */
    private static Map<String, String> connect(Map<String, String> values) {
        String file = values.getOrDefault(SettingsDefinition.CLIENT_PROPERTIES, "");
        Map<String, String> properties = new HashMap<>();
        if (!file.isEmpty()) {
            ClientPropertiesFile.read(Path.of(file)).forEach((name, value) -> {
                if (name.equals(SettingsDefinition.BOOTSTRAP_SERVERS)
                        || name.equals(SettingsDefinition.SCHEMA_REGISTRY_URL)) {
                    values.merge(name, value, (given, addressInFile) -> given.isEmpty() ? addressInFile : given);
                } else {
                    properties.put(name, value);
                }
            });
        }
        return properties;
    }

    /** The connection to an embedded cluster, with the client properties of this configuration. */
    public KafkaSettings kafka(KafkaSettings embedded) {
        return kafka(embedded.bootstrapServers(), embedded.schemaRegistryUrl(), embedded.properties());
    }

    /** The connection to the cluster. */
    public KafkaSettings kafka(String bootstrapServers, String schemaRegistryUrl) {
        return kafka(bootstrapServers, schemaRegistryUrl, Map.of());
    }

    private KafkaSettings kafka(String bootstrapServers, String schemaRegistryUrl, Map<String, String> required) {
        Map<String, String> properties = KafkaProperties.forClients(kafkaProperties);
        // Kafka Streams creates the changelogs, with the replicas that the property of the same name says.
        properties.putIfAbsent(SettingsDefinition.REPLICATION_FACTOR, Short.toString(settings.replicationFactor()));
        properties.putAll(required);
        return new KafkaSettings(bootstrapServers, schemaRegistryUrl, properties);
    }

    /** All settings in alphabetical order, with secrets redacted. */
    public SortedMap<String, Object> effective() {
        SortedMap<String, Object> all = new TreeMap<>(settings.values());
        settings.verifiersOfDatasets()
                .forEach((dataset, choice) -> all.put(SettingsDefinition.VERIFIER_OF_DATASET + dataset, choice));
        settings.verifierSettings()
                .forEach((name, value) -> all.put(SettingsDefinition.VERIFIER_SETTINGS + name, value));
        settings.estimatorSettings()
                .forEach((name, value) -> all.put(SettingsDefinition.ESTIMATOR_SETTINGS + name, value));
        kafkaProperties.forEach((name, value) -> all.put(SettingsDefinition.KAFKA + name, value));
        return Redactor.settings(all);
    }

    /**
     * The settings that differ from the defaults and the presets, in alphabetical order, with secrets redacted. The name
     * of the run and the dataset are not among them.
     */
    public SortedMap<String, Object> changed() {
        Map<String, String> base = new HashMap<>(Presets.broughtBy(settings.dataset()));
        base.putAll(Presets.of(preset));
        base.put(SettingsDefinition.RUN, settings.run());
        base.put(SettingsDefinition.DATASET, settings.dataset());
        SortedMap<String, Object> changed = effective();
        changed.entrySet().removeAll(new RunSettings(base).values().entrySet());
        // Its default depends on the kind of critic.
        base.put(SettingsDefinition.CRITIC_MODEL, settings.getString(SettingsDefinition.CRITIC_MODEL));
        changed.entrySet().remove(Map.entry(SettingsDefinition.CRITIC_LAYERS, new RunSettings(base).criticLayers()));
        return changed;
    }

    /**
     * The command that begins another run with these settings and some changes. Secrets are left out.
     *
     * @param changes settings by name
     */
    public String trainCommand(Map<String, String> changes) {
        SortedMap<String, Object> flags = changed();
        // The preset of a built-in dataset holds without being named.
        boolean namesPreset = !preset.isEmpty() && !preset.equals(settings.dataset());
        String ofPreset = namesPreset ? Presets.withDataset(preset).get(SettingsDefinition.DATASET) : null;
        Object dataset = ofPreset == null
                ? SettingsDefinition.DEFINITION.defaultValues().get(SettingsDefinition.DATASET)
                : ofPreset;
        if (!settings.dataset().equals(dataset)) {
            flags.put(SettingsDefinition.DATASET, settings.dataset());
        }
        flags.keySet().removeIf(Redactor::isSecret);
        flags.putAll(changes);
        StringBuilder command = new StringBuilder("./sppo train");
        if (namesPreset) {
            command.append(" --config presets/").append(preset);
        }
        flags.forEach((name, value) -> command.append(" --set ").append(ShellWords.quoted(name + "=" + value)));
        return command.toString();
    }

    /** {@link #effective()} as YAML. */
    public String toYaml() {
        return FlatYaml.write(effective());
    }

    /**
     * The settings that affect training and differ from a recorded configuration, as {@code name: recorded -> here}. A
     * run must not be resumed with them. A secret that has changed is not among them.
     *
     * @param recorded a configuration as {@link #toYaml()} of this or a former version wrote it
     */
    public List<String> differencesInTraining(String recorded) {
        // A former version may have recorded what this one redacts.
        Map<String, String> before = new HashMap<>();
        Redactor.settings(readRecorded(recorded)).forEach((name, value) -> before.put(name, value.toString()));
        return ResumeRule.breaches(before, FlatYaml.read(toYaml()));
    }

    /**
     * The settings that do not define what is trained, but round its results otherwise, and differ from a recorded
     * configuration, as {@code name: recorded -> here}. A run may be resumed with them; its weights then may have other
     * bits than those of an uninterrupted run.
     *
     * @param recorded a configuration as {@link #toYaml()} of this or a former version wrote it
     */
    public List<String> numericDifferences(String recorded) {
        return ResumeRule.numericDifferences(readRecorded(recorded), FlatYaml.read(toYaml()));
    }

    /** The settings that {@link #numericDifferences} compares, by name. */
    public Map<String, String> numericSettings() {
        Map<String, String> numeric = new HashMap<>();
        ResumeRule.NUMERIC.forEach(
                name -> numeric.put(name, String.valueOf(effective().get(name))));
        return numeric;
    }

    /** SHA-256 of {@link #toYaml()}. */
    public String sha256() {
        return Hashes.sha256(toYaml());
    }
}
