package io.sppostream.cli;

import io.sppostream.cli.logging.LogFileAppender;
import io.sppostream.cli.logging.StandardOutput;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.LogOutput;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.report.Screen;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of all commands that work on a run. */
final class ConfigurationOptions {
    private static final DateTimeFormatter RUN_NAME = DateTimeFormatter.ofPattern("'run-'yyyyMMdd-HHmmss");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file of settings, or presets/NAME for shipped ones (docs/configuration.md lists them).")
    private @Nullable Path config;

    @Option(names = "--run", paramLabel = "NAME", description = "Name of the run; made from the time if none is given.")
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

    @Option(names = "--batch-size", paramLabel = "N", description = "Rollouts per step.")
    private @Nullable String batchSize;

    @Option(
            names = "--dataset",
            paramLabel = "NAME|FILE",
            description = "A built-in dataset (./sppo config --describe dataset lists them), or files: Parquet, JSON"
                    + " Lines or JSON arrays, separated by commas, each with =WEIGHT if you like.")
    private @Nullable String dataset;

    @Option(names = "--prompt-field", paramLabel = "FIELD", description = "Field of the prompt in the dataset.")
    private @Nullable String promptField;

    @Option(names = "--answer-field", paramLabel = "FIELD", description = "Field of the answer in the dataset.")
    private @Nullable String answerField;

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of each prompt of a file.")
    private @Nullable String system;

    @Option(
            names = "--suffix",
            paramLabel = "TEXT",
            description =
                    "Text after each prompt of a file, such as 'Please output the final answer within \\boxed{}.'")
    private @Nullable String suffix;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Start policy: a checkpoint in Hugging Face layout (docs/architectures.md).")
    private @Nullable String model;

    @Option(names = "--device", paramLabel = "DEVICE", description = "Device of the models: cpu, gpu or gpu:INDEX.")
    private @Nullable String device;

    @Option(
            names = "--estimator",
            paramLabel = "NAME",
            description = "Assigns the advantages: sppo, grpo, rloo or another (docs/estimators.md).")
    private @Nullable String estimator;

    @Option(
            names = "--verifier",
            paramLabel = "NAME",
            description = "Verifier that rewards, or a combination such as 'first(math, judge)'.")
    private @Nullable String verifier;

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = "Kafka cluster; the embedded broker if none is given.")
    private @Nullable String bootstrapServers;

    @Option(names = "--schema-registry-url", paramLabel = "URL", description = "Schema registry of that cluster.")
    private @Nullable String schemaRegistryUrl;

    @Option(
            names = "--client-properties",
            paramLabel = "FILE",
            description = "Kafka client properties of that cluster, its addresses among them.")
    private @Nullable String clientProperties;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Data of the embedded broker and the state stores.")
    private @Nullable String dataDirectory;

    @Option(names = "--runs-dir", paramLabel = "DIR", description = "Folder of summaries and figures.")
    private @Nullable String runsDirectory;

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "Any setting, or kafka.PROPERTY. ./sppo config lists them.")
    private Map<String, String> others = new HashMap<>();

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    private final String generatedName = ZonedDateTime.now(ZoneOffset.UTC).format(RUN_NAME);

    /** The effective configuration. A run without a name gets one. */
    Configuration load() {
        return load(generatedName);
    }

    /**
     * The effective configuration.
     *
     * @param defaultRun name of the run if none is given
     */
    Configuration load(String defaultRun) {
        return load(Map.of(SettingsDefinition.RUN, defaultRun));
    }

    /**
     * The effective configuration of a command that joins a run on a cluster.
     *
     * @throws UserException if the cluster or its registry is missing
     */
    Configuration loadForCluster() {
        Configuration configuration = load(Map.of());
        RunSettings settings = configuration.settings();
        if (settings.bootstrapServers().isEmpty()
                || settings.schemaRegistryUrl().isEmpty()) {
            throw new UserException("this command works on an existing cluster with a schema registry: give"
                    + " --run, and --bootstrap-servers and --schema-registry-url, or --client-properties (an embedded"
                    + " broker writes client.properties to its data directory)");
        }
        return configuration;
    }

    private Configuration load(Map<String, String> fallbacks) {
        Map<String, String> flags = new HashMap<>(others);
        put(flags, SettingsDefinition.RUN, run);
        put(flags, SettingsDefinition.SEED, seed);
        put(flags, SettingsDefinition.STEPS, steps);
        put(flags, SettingsDefinition.LAG, lag);
        put(flags, SettingsDefinition.BATCH_SIZE, batchSize);
        put(flags, SettingsDefinition.DATASET, dataset);
        put(flags, SettingsDefinition.DATASET_PROMPT_FIELD, promptField);
        put(flags, SettingsDefinition.DATASET_ANSWER_FIELD, answerField);
        put(flags, SettingsDefinition.DATASET_SYSTEM, system);
        put(flags, SettingsDefinition.DATASET_SUFFIX, suffix);
        put(flags, SettingsDefinition.MODEL, model);
        put(flags, SettingsDefinition.DEVICE, device);
        put(flags, SettingsDefinition.ESTIMATOR, estimator);
        put(flags, SettingsDefinition.VERIFIER, verifier);
        put(flags, SettingsDefinition.BOOTSTRAP_SERVERS, bootstrapServers);
        put(flags, SettingsDefinition.SCHEMA_REGISTRY_URL, schemaRegistryUrl);
        put(flags, SettingsDefinition.CLIENT_PROPERTIES, clientProperties);
        put(flags, SettingsDefinition.DATA_DIR, dataDirectory);
        put(flags, SettingsDefinition.RUNS_DIR, runsDirectory);
        Configuration configuration = Configuration.load(config, System.getenv(), flags, fallbacks);
        RunSettings settings = configuration.settings();
        if (settings.logOutput() == LogOutput.STDOUT) {
            StandardOutput.log(settings.logFormat());
        } else {
            LogFileAppender.logTo(settings.dataDirectory(), settings.logFormat());
        }
        Datasets.requireKnown(configuration.settings());
        configuration.notes().forEach(note -> System.err.println("sppo: " + note));
        return configuration;
    }

    /** Where a command shows its progress: no line is rewritten among those of the log. */
    static Screen screen(Configuration configuration) {
        return configuration.settings().logOutput() == LogOutput.STDOUT ? Screen.plain(System.out) : Screen.standard();
    }

    /** The command line that resumes the run: the one given, with the name of the run. */
    String resumeCommand(Configuration configuration) {
        List<String> words =
                new ArrayList<>(command.root().commandLine().getParseResult().originalArgs());
        String name = configuration.settings().run();
        if (name.equals(generatedName)) {
            words.add("--run=" + name);
        }
        return "./sppo " + words.stream().map(ShellWords::quoted).collect(Collectors.joining(" "));
    }

    private static void put(Map<String, String> flags, String name, @Nullable String value) {
        if (value != null) {
            flags.put(name, value);
        }
    }
}
