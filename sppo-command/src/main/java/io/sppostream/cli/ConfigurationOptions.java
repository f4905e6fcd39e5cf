package io.sppostream.cli;

import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options all commands that work on a run have in common. */
final class ConfigurationOptions {
    private static final DateTimeFormatter RUN_NAME = DateTimeFormatter.ofPattern("'run-'yyyyMMdd-HHmmss");

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of settings.")
    private @Nullable Path config;

    @Option(
            names = "--run",
            paramLabel = "NAME",
            description = "Name of the run; one with the time of day if none is given.")
    private @Nullable String run;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the run.")
    private @Nullable String seed;

    @Option(names = "--steps", paramLabel = "N", description = "Training steps.")
    private @Nullable String steps;

    @Option(
            names = "--lag",
            paramLabel = "K",
            description = "Policy versions a sample may lag; 0 is the synchronous loop.")
    private @Nullable String lag;

    @Option(names = "--dataset", paramLabel = "NAME|FILE", description = "addition, addition-1, or a JSON Lines file.")
    private @Nullable String dataset;

    @Option(names = "--prompt-field", paramLabel = "FIELD", description = "Field of the prompt in the dataset.")
    private @Nullable String promptField;

    @Option(names = "--answer-field", paramLabel = "FIELD", description = "Field of the answer in the dataset.")
    private @Nullable String answerField;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Start policy: a Qwen2 checkpoint in Hugging Face layout.")
    private @Nullable String model;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka cluster; the embedded broker if none is given.")
    private @Nullable String bootstrapServers;

    @Option(names = "--schema-registry-url", paramLabel = "URL", description = "Schema registry of that cluster.")
    private @Nullable String schemaRegistryUrl;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Data of the embedded broker and the streams.")
    private @Nullable String dataDirectory;

    @Option(names = "--runs-dir", paramLabel = "DIR", description = "Where summaries and figures are written.")
    private @Nullable String runsDirectory;

    @Option(names = "--set", paramLabel = "SETTING=VALUE", description = "Any other setting, or kafka.PROPERTY.")
    private Map<String, String> others = new HashMap<>();

    /** The effective configuration. */
    Configuration load() {
        return load(ZonedDateTime.now(ZoneOffset.UTC).format(RUN_NAME));
    }

    /**
     * The effective configuration.
     *
     * @param defaultRun name of the run if none is given
     */
    Configuration load(String defaultRun) {
        return load(Map.of("run", defaultRun));
    }

    /**
     * The effective configuration of a command that joins a run on a cluster.
     *
     * @throws UserException where it does not say which
     */
    Configuration loadForCluster() {
        Configuration configuration = load(Map.of());
        for (String setting : List.of("bootstrap.servers", "schema.registry.url")) {
            if (configuration.settings().getString(setting).isEmpty()) {
                throw new UserException("this command works on a cluster that is there already, with a registry: give"
                        + " --bootstrap-servers, --schema-registry-url and --run");
            }
        }
        return configuration;
    }

    private Configuration load(Map<String, String> fallbacks) {
        Map<String, String> flags = new HashMap<>(others);
        put(flags, "run", run);
        put(flags, "seed", seed);
        put(flags, "steps", steps);
        put(flags, "lag", lag);
        put(flags, "dataset", dataset);
        put(flags, "dataset.prompt.field", promptField);
        put(flags, "dataset.answer.field", answerField);
        put(flags, "model", model);
        put(flags, "bootstrap.servers", bootstrapServers);
        put(flags, "schema.registry.url", schemaRegistryUrl);
        put(flags, "data.dir", dataDirectory);
        put(flags, "runs.dir", runsDirectory);
        return Configuration.load(config, System.getenv(), flags, fallbacks);
    }

    private static void put(Map<String, String> flags, String name, @Nullable String value) {
        if (value != null) {
            flags.put(name, value);
        }
    }
}
