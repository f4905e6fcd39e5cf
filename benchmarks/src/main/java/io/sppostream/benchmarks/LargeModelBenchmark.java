package io.sppostream.benchmarks;

import io.sppostream.learn.ProcessMemory;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.Completion;
import io.sppostream.model.DeviceMemory;
import io.sppostream.model.LoraSettings;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Measures a model with random weights in bfloat16, of the shape of a Qwen2.5 model. Writes the checkpoint unless the
 * folder exists, loads it, samples, and takes SPPO steps on sequences of 256 prompt and 1,792 response tokens. Prints
 * seconds and peak resident memory of each; on a GPU also the memory that is taken there, by this process and others.
 */
@Command(
        name = "large-model",
        description = "Load, sample and train a random model of the shape of Qwen2.5-0.5B or 1.5B.",
        mixinStandardHelpOptions = true)
final class LargeModelBenchmark implements Callable<Integer> {
    private static final int PROMPT = 256;
    private static final int RESPONSE = 1792;

    @Parameters(
            paramLabel = "DIR",
            description = "Folder of the model; written first if missing (1 GB; 3.1 GB for 1.5b).")
    private Path directory = Path.of("");

    @Option(names = "--shape", defaultValue = "0.5b", description = "0.5b or 1.5b (default: ${DEFAULT-VALUE}).")
    private String shape = "";

    @Option(
            names = "--sequences",
            defaultValue = "2",
            description = "Sequences of 2,048 tokens of the step (default: ${DEFAULT-VALUE}).")
    private int sequences;

    @Option(
            names = "--lora",
            paramLabel = "RANK",
            defaultValue = "0",
            description = "Train adapters of this rank; 0 trains all weights (default: ${DEFAULT-VALUE}).")
    private int rank;

    @Option(
            names = "--precision",
            defaultValue = "fp32",
            description = "Of the matrix products: fp32, bf16 or auto (default: ${DEFAULT-VALUE}).")
    private String precision = "";

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(
            names = "--steps",
            defaultValue = "1",
            description =
                    "SPPO steps; from 2 on, the median of all but the first is printed (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--threads", defaultValue = "2", description = "Of a step (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--micro-batch-tokens",
            defaultValue = "2048",
            description = "Most tokens that a thread computes at once (default: ${DEFAULT-VALUE}).")
    private int microBatchTokens;

    @Option(
            names = "--checkpointing",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether steps compute each layer again on the way back, to save memory.")
    private boolean checkpointing;

    @Option(
            names = "--peak-tflops",
            paramLabel = "NUMBER",
            defaultValue = "0",
            description = "The device's, for model FLOPs utilization; 0: unknown.")
    private double peakTflops;

    @Override
    public Integer call() throws IOException {
        if (sequences < 1 || steps < 1 || threads < 1 || microBatchTokens < 1) {
            throw new UserException("--sequences, --steps, --threads and --micro-batch-tokens must be at least 1");
        }
        BenchmarkTools.printHeader(
                "large-model %s --shape %s --sequences %d --lora %d --precision %s --device %s --steps %d --threads %d"
                        + " --micro-batch-tokens %d%s",
                directory,
                shape,
                sequences,
                rank,
                precision,
                device,
                steps,
                threads,
                microBatchTokens,
                checkpointing ? "" : " --no-checkpointing");
        if (!Files.exists(directory)) {
            timed("write", () -> RandomCheckpoint.write(RandomCheckpoint.shape(shape), directory));
        }
        ModelSettings settings = device.settings(ModelSettings.Precision.of(precision))
                .withAdapter(rank == 0 ? null : new LoraSettings(rank, rank, 1));
        PolicyModel[] opened = new PolicyModel[1];
        timed("load", () -> opened[0] = PolicyModel.load(Checkpoint.open(directory), settings));
        try (PolicyModel policy = opened[0];
                PolicyTrainer trainer = new PolicyTrainer(
                        policy,
                        new OptimizerSettings(0.9, 0.999, 1e-8, 0.01, 1),
                        new TrainingSettings(microBatchTokens, threads, checkpointing))) {
            measure(policy, trainer);
        }
        return 0;
    }

    private void measure(PolicyModel policy, PolicyTrainer trainer) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        int vocabulary = policy.config().vocabularySize();
        List<int[]> prompts = Stream.generate(
                        () -> random.ints(PROMPT, 0, vocabulary).toArray())
                .limit(sequences)
                .toList();
        timed("sample " + sequences + " x 16 tokens", () -> {
            List<SampleRequest> requests = IntStream.range(0, sequences)
                    .mapToObj(i -> new SampleRequest(prompts.get(i), i + 1))
                    .toList();
            List<Completion> completions =
                    new Sampler(policy, Set.of()).sample(requests, new SamplingParameters(1, 1, 0, 16));
            System.out.println("  " + Arrays.toString(completions.get(0).tokens()));
        });
        List<TokenSequence> batch = prompts.stream()
                .map(prompt -> new TokenSequence(
                        prompt, random.ints(RESPONSE, 0, vocabulary).toArray()))
                .toList();
        String name = "SPPO step on " + sequences + " x (256 + 1,792) tokens" + (rank == 0 ? "" : ", LoRA r = " + rank);
        List<Double> seconds = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
            seconds.add(timed(name, () -> step(trainer, batch)));
        }
        if (steps > 1) {
            printRates(BenchmarkTools.median(seconds.subList(1, steps)), trainer.flops(batch));
        }
    }

    private void step(PolicyTrainer trainer, List<TokenSequence> batch) {
        // At ratio 1 the gradient of the clipped loss is -advantage / tokens.
        double norm = trainer.update(batch, 1, 1e-6, (i, logProbs) -> {
                    float[] gradient = new float[logProbs.length];
                    Arrays.fill(gradient, (i % 2 == 0 ? -0.5f : 0.5f) / (sequences * RESPONSE));
                    return gradient;
                })
                .gradientNorm();
        System.out.printf(Locale.ROOT, "  gradient norm %.4f%n", norm);
    }

    private void printRates(double seconds, double flops) {
        System.out.printf(
                Locale.ROOT,
                "median step  %.3f s, %,.0f tokens/s, %.1f TFLOP/s%s%n",
                seconds,
                sequences * (PROMPT + RESPONSE) / seconds,
                flops / seconds / 1e12,
                peakTflops > 0
                        ? String.format(
                                Locale.ROOT,
                                ", %.1f %% of %.0f (model FLOPs utilization)",
                                100 * flops / seconds / 1e12 / peakTflops,
                                peakTflops)
                        : "");
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    /** The seconds that some work takes; prints them and what memory it has taken. */
    private double timed(String name, Work work) throws IOException {
        long start = System.nanoTime();
        work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        Long peak = ProcessMemory.peakResidentBytes("self");
        OptionalLong used = DeviceMemory.usedBytes(device.settings(ModelSettings.Precision.AUTO));
        System.out.printf(
                Locale.ROOT,
                "%s: %.1f s, peak resident memory so far %.2f GB%s%n",
                name,
                seconds,
                peak == null ? Double.NaN : peak / 1e9,
                used.isPresent() ? String.format(Locale.ROOT, ", %.2f GB on the GPU", used.getAsLong() / 1e9) : "");
        return seconds;
    }
}
