package io.sppostream.cli;

import io.sppostream.cli.logging.LogFileAppender;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.SettingsDefinition;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that work on recorded runs: where the log is. */
final class ClusterOptions {
    @Option(names = "--data-dir", paramLabel = "DIR", description = "Data of the embedded broker that has the run.")
    private @Nullable String dataDirectory;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka cluster that has the run; by default the embedded broker.")
    private @Nullable String bootstrapServers;

    @Option(names = "--schema-registry-url", paramLabel = "URL", description = "Schema registry of that cluster.")
    private @Nullable String schemaRegistryUrl;

    @Option(
            names = "--client-properties",
            paramLabel = "FILE",
            description = "Kafka client properties of that cluster, its addresses among them.")
    private @Nullable String clientProperties;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file of settings, for Kafka client properties.")
    private @Nullable Path config;

    /** The configuration of a run, of which these commands use what locates the cluster. */
    Configuration load(String run) {
        return load(run, Map.of());
    }

    /** The same, with a folder of reports; null for the default. */
    Configuration load(String run, @Nullable String runsDirectory) {
        return load(run, runsDirectory == null ? Map.of() : Map.of(SettingsDefinition.RUNS_DIR, runsDirectory));
    }

    /** The same, with other settings of the command line. */
    Configuration load(String run, Map<String, String> settings) {
        Map<String, String> flags = new HashMap<>(settings);
        flags.put(SettingsDefinition.RUN, run);
        put(flags, SettingsDefinition.DATA_DIR, dataDirectory);
        put(flags, SettingsDefinition.BOOTSTRAP_SERVERS, bootstrapServers);
        put(flags, SettingsDefinition.SCHEMA_REGISTRY_URL, schemaRegistryUrl);
        put(flags, SettingsDefinition.CLIENT_PROPERTIES, clientProperties);
        Configuration configuration = Configuration.load(config, System.getenv(), flags);
        LogFileAppender.logTo(configuration.settings().dataDirectory());
        return configuration;
    }

    private static void put(Map<String, String> flags, String name, @Nullable String value) {
        if (value != null) {
            flags.put(name, value);
        }
    }
}
