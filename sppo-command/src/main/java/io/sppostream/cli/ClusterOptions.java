package io.sppostream.cli;

import io.sppostream.run.config.Configuration;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that look at what is on a log: where the log is. */
final class ClusterOptions {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Data of the embedded broker the run was made with.")
    private @Nullable String dataDirectory;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka cluster of the run; the embedded broker if none is given.")
    private @Nullable String bootstrapServers;

    @Option(names = "--schema-registry-url", paramLabel = "URL", description = "Schema registry of that cluster.")
    private @Nullable String schemaRegistryUrl;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of settings, for Kafka's properties.")
    private @Nullable Path config;

    /** The configuration, of which these commands use what concerns the cluster, and the name of a run. */
    Configuration load(String run) {
        Map<String, String> flags = new HashMap<>();
        flags.put("run", run);
        put(flags, "data.dir", dataDirectory);
        put(flags, "bootstrap.servers", bootstrapServers);
        put(flags, "schema.registry.url", schemaRegistryUrl);
        return Configuration.load(config, System.getenv(), flags);
    }

    private static void put(Map<String, String> flags, String name, @Nullable String value) {
        if (value != null) {
            flags.put(name, value);
        }
    }
}
