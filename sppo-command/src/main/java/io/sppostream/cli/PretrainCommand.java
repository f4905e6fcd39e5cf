package io.sppostream.cli;

import io.sppostream.feed.data.Dataset;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.WritableDirectory;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.HeldOutResult;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import io.sppostream.run.models.Pretraining;
import io.sppostream.run.models.PretrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo pretrain}: a start policy. */
@Command(
        name = "pretrain",
        description = "Make a start policy by supervised warm-up on the solutions of a dataset's problems.",
        mixinStandardHelpOptions = true)
final class PretrainCommand implements Callable<Integer> {
    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Folder for the checkpoint.")
    private Path output = Path.of("");

    @Option(names = "--overwrite", description = "Replace what is in the output folder.")
    private boolean overwrite;

    @Option(
            names = "--dataset",
            paramLabel = "NAME|FILE",
            defaultValue = "addition",
            description = "A built-in dataset (./sppo config --describe dataset lists them), or files of problems"
                    + " (default: ${DEFAULT-VALUE}).")
    private String dataset = "";

    @Option(
            names = "--tier",
            paramLabel = "NAME",
            description = "Train on one tier of the dataset's difficulty only, such as short of the ledger.")
    private @Nullable String tier;

    @Option(names = "--prompt-field", paramLabel = "FIELD", description = "Field of the prompt in the dataset.")
    private @Nullable String promptField;

    @Option(names = "--answer-field", paramLabel = "FIELD", description = "Field of the answer in the dataset.")
    private @Nullable String answerField;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Checkpoint to start from; by default fresh weights of the size that is shipped for the dataset.")
    private @Nullable Path model;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "400",
            description = "Optimizer steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "256",
            description = "Problems per step (default: ${DEFAULT-VALUE}).")
    private int batchSize;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            defaultValue = "2e-3",
            description = "Learning rate after warm-up (default: ${DEFAULT-VALUE}).")
    private double learningRate;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of fresh weights and of the order of problems (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--set", paramLabel = "SETTING=VALUE", description = "Any setting of a run; repeatable.")
    private Map<String, String> others = new HashMap<>();

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        RunSettings settings =
                Configuration.load(null, System.getenv(), flags()).settings();
        requireOutput();
        Dataset all = Datasets.open(settings);
        Dataset problems = tier == null ? all : all.trainingOn(tier);
        if (model == null) {
            Path shape = Files.createTempDirectory("sppo-pretrain");
            try {
                Checkpoint start = Models.fresh(problems.name(), seed, shape);
                Pretraining.run(problems, start, true, output, pretraining(settings, start), System.out);
            } finally {
                FileTree.delete(shape);
            }
        } else {
            Checkpoint start = Checkpoint.open(model);
            Pretraining.run(problems, start, false, output, pretraining(settings, start), System.out);
        }
        report(settings, problems);
        return 0;
    }

    private void report(RunSettings settings, Dataset problems) {
        Checkpoint made = Checkpoint.open(output);
        SamplingParameters sampling = settings.evaluationSampling();
        try (Tokenizer tokenizer = made.tokenizer();
                PolicyModel policy = PolicyModel.load(made, ModelSettings.cpu());
                OfflineRewards rewards = OfflineRewards.of(settings, RewardFactory.verifiers(settings))) {
            Evaluation evaluation =
                    new Evaluation(problems, settings.evaluationPrompts(), tokenizer, sampling, rewards);
            HeldOutResult result = evaluation.evaluate(policy);
            System.out.printf(
                    Locale.ROOT,
                    "held-out accuracy %.3f%s, sampled; wrote %s%n",
                    result.requireAccuracy(),
                    tiers(result),
                    output);
        }
    }

    private static String tiers(HeldOutResult result) {
        return result.accuracyByTier().entrySet().stream()
                .map(tier -> String.format(Locale.ROOT, "%s %.3f", tier.getKey(), tier.getValue()))
                .reduce((one, other) -> one + ", " + other)
                .map(tiers -> " (" + tiers + ")")
                .orElse("");
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new HashMap<>(others);
        flags.put(SettingsDefinition.DATASET, dataset);
        flags.put(SettingsDefinition.RUN, "pretrain");
        if (promptField != null) {
            flags.put(SettingsDefinition.DATASET_PROMPT_FIELD, promptField);
        }
        if (answerField != null) {
            flags.put(SettingsDefinition.DATASET_ANSWER_FIELD, answerField);
        }
        return flags;
    }

    private PretrainingSettings pretraining(RunSettings settings, Checkpoint start) {
        try {
            return new PretrainingSettings(steps, batchSize, learningRate, seed, settings.training(start.config()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private static boolean hasFiles(Path directory) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isPresent();
        } catch (IOException e) {
            throw new UserException(directory.toAbsolutePath() + " cannot be read: " + e.getMessage());
        }
    }

    private void requireOutput() {
        if (!overwrite && hasFiles(output)) {
            throw new UserException("--output: there are files in " + output.toAbsolutePath()
                    + ": give another folder, or --overwrite");
        }
        WritableDirectory.require(output, "--output");
    }
}
