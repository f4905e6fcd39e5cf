package io.sppostream.cli;

import io.sppostream.feed.data.Dataset;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.model.TrainingSettings;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.evaluate.Evaluation;
import io.sppostream.run.evaluate.OfflineRewards;
import io.sppostream.run.models.Models;
import io.sppostream.run.models.Pretraining;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./sppo pretrain}: a start policy. */
@Command(
        name = "pretrain",
        description = "Make a start policy by supervised warm-up on a dataset's reference answers.",
        mixinStandardHelpOptions = true)
final class PretrainCommand implements Callable<Integer> {
    @Option(names = "--output", paramLabel = "DIR", required = true, description = "Folder for the checkpoint.")
    private Path output = Path.of("");

    @Option(
            names = "--dataset",
            paramLabel = "NAME|FILE",
            defaultValue = "addition",
            description = "addition, addition-1, or a JSON Lines file (default: ${DEFAULT-VALUE}).")
    private String dataset = "";

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Checkpoint to start from; fresh weights of the built-in size if none is given.")
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
            description = "Problems a step (default: ${DEFAULT-VALUE}).")
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

    @Override
    public Integer call() {
        Map<String, String> flags = new HashMap<>(Map.of("dataset", dataset, "run", "pretrain"));
        RunSettings settings = Configuration.load(null, System.getenv(), flags).settings();
        Dataset problems = Datasets.open(settings);
        Checkpoint start = model == null ? Models.fresh(seed, output) : Checkpoint.open(model);
        TrainingSettings training = settings.training();
        Pretraining.run(
                problems,
                start,
                model == null,
                output,
                new Pretraining.Settings(steps, batchSize, learningRate, seed, training),
                System.out);
        Checkpoint made = Checkpoint.open(output);
        SamplingParameters sampling = settings.sampling();
        try (Tokenizer tokenizer = made.tokenizer();
                PolicyModel policy = PolicyModel.load(made, ModelSettings.cpu());
                OfflineRewards rewards = OfflineRewards.of(settings, RewardFactory.verifiers(settings))) {
            Evaluation evaluation =
                    new Evaluation(problems, settings.evaluationPrompts(), tokenizer, sampling, rewards);
            System.out.printf(
                    Locale.ROOT, "held-out accuracy %.3f, sampled; wrote %s%n", evaluation.accuracy(policy), output);
        }
        return 0;
    }
}
