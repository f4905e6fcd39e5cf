package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times sampling of random prompts from a model, and from the same model with {@code generate} of transformers and by a
 * server.
 */
@Command(
        name = "sampling",
        description = {
            "Time sampling, beside transformers' generate on the same checkpoint.",
            "The peer needs Python 3.11 or later; torch and transformers are installed in the user's cache once."
        },
        mixinStandardHelpOptions = true)
final class SamplingBenchmark implements Callable<Integer> {

    @Option(names = "--model", description = "Checkpoint; without one, random weights in the shape of Qwen2.5-0.5B.")
    private @Nullable Path model;

    @Option(names = "--rows", defaultValue = "64", description = "Responses at once (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(names = "--shortest", defaultValue = "40", description = "Tokens of a prompt (default: ${DEFAULT-VALUE}).")
    private int shortest;

    @Option(
            names = "--longest",
            description = "Tokens of the longest prompt; the others are spread evenly (default: all are equal).")
    private @Nullable Integer longest;

    @Option(
            names = "--tokens",
            split = ",",
            defaultValue = "24,128",
            description = "Tokens of a response, for one measurement each (default: ${DEFAULT-VALUE}).")
    private List<Integer> tokens = List.of();

    @Option(
            names = "--precision",
            defaultValue = "FLOAT32",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private ModelSettings.Precision precision = ModelSettings.Precision.FLOAT32;

    @Option(names = "--threads", defaultValue = "2", description = "Threads (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Mixin
    private DeviceOption device = new DeviceOption();

    @Option(names = "--repetitions", defaultValue = "3", description = "After a warm-up (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--peer",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether generate runs, too.")
    private boolean peer;

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "A server of the same checkpoint with OpenAI's completions, such as vLLM, runs, too.")
    private @Nullable String server;

    @Mixin
    private PeerScripts scripts = new PeerScripts();

    @Override
    public Integer call() throws Exception {
        if (server != null && model == null) {
            throw new UserException("--server needs --model, the checkpoint that it serves");
        }
        int to = longest == null ? shortest : longest;
        if (shortest < 1 || to < shortest || rows < 1 || threads < 1 || repetitions < 1) {
            throw new UserException("--shortest, --rows, --threads and --repetitions must be at least 1,"
                    + " and --longest at least --shortest");
        }
        BenchmarkTools.printHeader(
                "sampling%s --rows %d --shortest %d --longest %d --tokens %s --precision %s --device %s --threads %d"
                        + " --repetitions %d",
                model == null ? "" : " --model " + model,
                rows,
                shortest,
                to,
                tokens.stream().map(String::valueOf).collect(Collectors.joining(",")),
                precision,
                device,
                threads,
                repetitions);
        int[] lengths = IntStream.range(0, rows)
                .map(i -> rows == 1 ? shortest : shortest + i * (to - shortest) / (rows - 1))
                .toArray();
        if (model == null) {
            Path directory = Files.createTempDirectory("sppo-model");
            try {
                RandomCheckpoint.write(RandomCheckpoint.shape("0.5b"), directory);
                printOurs(directory, lengths);
            } finally {
                BenchmarkTools.delete(directory);
            }
        } else {
            printOurs(model, lengths);
            if (peer) {
                printGenerate(model, lengths);
            }
            if (server != null) {
                printServer(
                        new ServerSampling(server),
                        requests(lengths, Checkpoint.open(model).config()));
            }
        }
        return 0;
    }

    private void printGenerate(Path checkpoint, int[] lengths) throws IOException, InterruptedException {
        for (int length : tokens) {
            JsonNode result = generate(checkpoint, lengths, length);
            List<Double> seconds = new ArrayList<>();
            result.get("seconds").forEach(each -> seconds.add(each.asDouble()));
            print(
                    "generate of transformers " + result.get("transformers").asText() + ", torch "
                            + result.get("torch").asText(),
                    length,
                    seconds);
        }
    }

    private void printServer(ServerSampling sampling, List<SampleRequest> requests) throws Exception {
        for (int length : tokens) {
            print(sampling.name(), length, repeat(() -> sampling.seconds(requests, length)));
        }
    }

    /** The seconds of each repetition after a warm-up. */
    private List<Double> repeat(Callable<Double> once) throws Exception {
        once.call();
        List<Double> seconds = new ArrayList<>();
        for (int repetition = 0; repetition < repetitions; repetition++) {
            seconds.add(once.call());
        }
        return seconds;
    }

    private void printOurs(Path checkpoint, int[] lengths) throws Exception {
        ModelSettings settings = device.settings(precision);
        try (PolicyModel policy = PolicyModel.forSampling(Checkpoint.open(checkpoint), settings)) {
            for (int length : tokens) {
                print("SPPO Stream", length, ours(policy, lengths, length));
            }
        }
    }

    private void print(String name, int length, List<Double> seconds) {
        double median = BenchmarkTools.median(seconds);
        System.out.printf(
                Locale.ROOT,
                "%d x %-4d     %,.0f tokens/s, %.2f s  %s%n",
                rows,
                length,
                rows * length / median,
                median,
                name);
    }

    private static List<SampleRequest> requests(int[] lengths, ModelConfig config) {
        SplittableRandom random = new SplittableRandom(1);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            requests.add(new SampleRequest(
                    random.ints(lengths[i], 0, config.vocabularySize()).toArray(), i));
        }
        return requests;
    }

    /** Seconds of each repetition: every thread samples its share of the rows. */
    private List<Double> ours(PolicyModel policy, int[] lengths, int length) throws Exception {
        List<SampleRequest> requests = requests(lengths, policy.config());
        Sampler sampler = new Sampler(policy, Set.of());
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, length);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            return repeat(() -> sampleOnce(pool, sampler, requests, parameters));
        } finally {
            pool.shutdown();
        }
    }

    private double sampleOnce(
            ExecutorService pool, Sampler sampler, List<SampleRequest> requests, SamplingParameters parameters)
            throws InterruptedException, ExecutionException {
        long start = System.nanoTime();
        List<Future<?>> running = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            List<SampleRequest> part = requests.subList(rows * thread / threads, rows * (thread + 1) / threads);
            running.add(pool.submit(() -> sampler.sample(part, parameters)));
        }
        for (Future<?> each : running) {
            each.get();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private JsonNode generate(Path checkpoint, int[] lengths, int length) throws IOException, InterruptedException {
        return scripts.run(
                "generate.py",
                List.of(
                        "--model=" + checkpoint,
                        "--precision=" + precision.name().toLowerCase(Locale.ROOT),
                        "--threads=" + threads,
                        device.ofPeers(),
                        "--lengths="
                                + IntStream.of(lengths)
                                        .mapToObj(Integer::toString)
                                        .collect(Collectors.joining(",")),
                        "--tokens=" + length,
                        "--repetitions=" + repetitions));
    }
}
