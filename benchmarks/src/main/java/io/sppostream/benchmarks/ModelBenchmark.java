package io.sppostream.benchmarks;

import io.sppostream.model.Checkpoint;
import io.sppostream.model.Completion;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.PolicyTrainer;
import io.sppostream.model.SampleRequest;
import io.sppostream.model.Sampler;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.ScoredTokens;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures how fast the language model samples and trains. Every number is the median of repetitions after a warm-up.
 * The repetitions of two numbers that make a ratio alternate, so that a busy machine slows both.
 *
 * <p>Arguments select sections: {@code sampling training step files memory}; without arguments all run.
 */
public final class ModelBenchmark {

    private static final int REPETITIONS = 15;

    /** 94k parameters: the policy of the default run. */
    private static final ModelConfig SMALL = new ModelConfig(16, 64, 2, 4, 2, 176, 64, true, 1e-6, 10_000);

    private static final ModelConfig SMALL_CRITIC = new ModelConfig(16, 32, 2, 2, 2, 96, 64, true, 1e-6, 10_000);

    /** 748k parameters. */
    private static final ModelConfig MEDIUM = new ModelConfig(64, 128, 4, 4, 2, 352, 256, true, 1e-6, 10_000);

    private static final OptimizerSettings ADAM = new OptimizerSettings(0.9, 0.99, 1e-8, 0.01, 0.5);

    private ModelBenchmark() {}

    public static void main(String[] args) throws Exception {
        System.out.printf(
                Locale.ROOT,
                "command: %s%n%s, Java %s, %d processors, load %.2f, medians of %d%n",
                System.getProperty("sun.java.command"),
                processor(),
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                REPETITIONS);
        Set<String> sections =
                args.length == 0 ? Set.of("sampling", "training", "step", "files", "memory") : Set.of(args);
        if (sections.contains("sampling")) {
            sampling("94k", SMALL);
            sampling("748k", MEDIUM);
            sharedPrompts();
        }
        if (sections.contains("training")) {
            training();
        }
        if (sections.contains("step")) {
            step();
        }
        if (sections.contains("files")) {
            files();
        }
        if (sections.contains("memory")) {
            memory();
        }
    }

    private static String processor() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        return Files.exists(info)
                ? Files.readAllLines(info).stream()
                        .filter(line -> line.startsWith("model name"))
                        .findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 2))
                        .orElse("unknown processor")
                : System.getProperty("os.arch");
    }

    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    /** Median seconds of each; their repetitions alternate. */
    private static double[] medians(Work... works) throws Exception {
        double[][] seconds = new double[works.length][REPETITIONS];
        for (int repetition = -5; repetition < REPETITIONS; repetition++) {
            for (int i = 0; i < works.length; i++) {
                long start = System.nanoTime();
                works[i].run();
                if (repetition >= 0) {
                    seconds[i][repetition] = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        return Arrays.stream(seconds)
                .mapToDouble(each -> {
                    Arrays.sort(each);
                    return each[REPETITIONS / 2];
                })
                .toArray();
    }

    private static void parallel(ExecutorService pool, Work... works) throws InterruptedException, ExecutionException {
        List<Future<?>> running = new ArrayList<>();
        for (Work work : works) {
            running.add(pool.submit(() -> {
                work.run();
                return null;
            }));
        }
        for (Future<?> each : running) {
            each.get();
        }
    }

    private static int[] tokens(SplittableRandom random, int length, ModelConfig config) {
        return random.ints(length, 0, config.vocabularySize()).toArray();
    }

    private static List<SampleRequest> requests(int count, int promptLength, ModelConfig config, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<SampleRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(new SampleRequest(tokens(random, promptLength, config), random.nextLong()));
        }
        return requests;
    }

    private static void sampling(String name, ModelConfig config) throws Exception {
        int rows = 64;
        int length = 32;
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, length);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try (PolicyModel policy = PolicyModel.random(config, 1, ModelSettings.cpu())) {
            Sampler sampler = new Sampler(policy, Set.of());
            List<SampleRequest> first = requests(rows, 8, config, 1);
            List<SampleRequest> second = requests(rows, 8, config, 2);
            Work one = () -> {
                for (int i = 0; i < 4; i++) {
                    sampler.sample(first, parameters);
                }
            };
            Work other = () -> {
                for (int i = 0; i < 4; i++) {
                    sampler.sample(second, parameters);
                }
            };
            double[] seconds = medians(() -> parallel(pool, one), () -> parallel(pool, one, other));
            double single = 4 * rows * length / seconds[0];
            double both = 8 * rows * length / seconds[1];
            System.out.printf(
                    Locale.ROOT,
                    "sampling, %s parameters, batch %d, prompt 8, %d tokens: %,.0f tokens/s; two workers %,.0f = %.2fx%n",
                    name,
                    rows,
                    length,
                    single,
                    both,
                    both / single);
        } finally {
            pool.shutdown();
        }
    }

    /** Groups of 8 rows share a prompt of 48 tokens, against rows that each have their own. */
    private static void sharedPrompts() throws Exception {
        int rows = 64;
        int distinct = 8;
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, 8);
        try (PolicyModel policy = PolicyModel.random(MEDIUM, 1, ModelSettings.cpu())) {
            Sampler sampler = new Sampler(policy, Set.of());
            List<SampleRequest> own = requests(rows, 48, MEDIUM, 1);
            List<SampleRequest> shared = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                shared.add(new SampleRequest(
                        own.get(i * distinct / rows).prompt(), own.get(i).seed()));
            }
            double[] seconds = medians(() -> sampler.sample(own, parameters), () -> sampler.sample(shared, parameters));
            System.out.printf(
                    Locale.ROOT,
                    "sampling, 748k parameters, batch %d, prompt 48, 8 tokens: %.1f ms; with %d distinct prompts %.1f ms%n",
                    rows,
                    1e3 * seconds[0],
                    distinct,
                    1e3 * seconds[1]);
        }
    }

    private static void training() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        List<TokenSequence> batch = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            batch.add(new TokenSequence(tokens(random, 1, MEDIUM), tokens(random, 64, MEDIUM)));
        }
        try (PolicyModel first = PolicyModel.random(MEDIUM, 1, ModelSettings.cpu());
                PolicyModel second = PolicyModel.random(MEDIUM, 1, ModelSettings.cpu());
                PolicyTrainer one = new PolicyTrainer(first, ADAM, new TrainingSettings(32 * 64, 1, false));
                PolicyTrainer two = new PolicyTrainer(second, ADAM, new TrainingSettings(16 * 64, 2, false))) {
            double[] seconds = medians(() -> likelihoodStep(one, batch), () -> likelihoodStep(two, batch));
            System.out.printf(
                    Locale.ROOT,
                    "training, 748k parameters, batch 32 x 64: %,.0f tokens/s; two workers %,.0f = %.2fx%n",
                    32 * 64 / seconds[0],
                    32 * 64 / seconds[1],
                    seconds[0] / seconds[1]);
        }
    }

    private static void likelihoodStep(PolicyTrainer trainer, List<TokenSequence> batch) {
        float slope = -1f / (batch.size() * batch.get(0).response().length);
        trainer.update(batch, 1, 1e-4, (i, logProbs) -> {
            float[] gradient = new float[logProbs.length];
            Arrays.fill(gradient, slope);
            return gradient;
        });
    }

    /** One training step of the default run: 512 rollouts of 6 prompt and 2 to 4 response tokens, two mini-batches. */
    private static void step() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        List<TokenSequence> batch = new ArrayList<>();
        for (int i = 0; i < 512; i++) {
            batch.add(new TokenSequence(tokens(random, 6, SMALL), tokens(random, random.nextInt(2, 5), SMALL)));
        }
        List<int[]> prompts = batch.stream().map(TokenSequence::prompt).toList();
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, 4);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try (PolicyModel policy = PolicyModel.random(SMALL, 1, ModelSettings.cpu());
                CriticModel critic = CriticModel.random(SMALL_CRITIC, 2, ModelSettings.cpu());
                PolicyTrainer policyTrainer = new PolicyTrainer(policy, ADAM, new TrainingSettings(1280, 2, false));
                CriticTrainer criticTrainer = new CriticTrainer(critic, ADAM, new TrainingSettings(1280, 2, false))) {
            Sampler sampler = new Sampler(policy, Set.of(12, 13, 14));
            List<SampleRequest> first = requests(256, 6, SMALL, 1);
            List<SampleRequest> second = requests(256, 6, SMALL, 2);
            List<ScoredTokens> scored =
                    prompts.stream().map(ScoredTokens::ofPrompt).toList();
            double[] seconds = medians(
                    () -> parallel(
                            pool, () -> sampler.sample(first, parameters), () -> sampler.sample(second, parameters)),
                    () -> {
                        likelihoodStep(policyTrainer, batch.subList(0, 256));
                        likelihoodStep(policyTrainer, batch.subList(256, 512));
                    },
                    () -> {
                        critic.logits(prompts);
                        criticTrainer.update(scored.subList(0, 256), 1e-4, (i, z) -> new float[] {z[0] / 256});
                        criticTrainer.update(scored.subList(256, 512), 1e-4, (i, z) -> new float[] {z[0] / 256});
                    });
            System.out.printf(
                    Locale.ROOT,
                    "step, 512 rollouts, two workers: rollout %.1f ms, policy %.1f ms, critic %.1f ms, together %.1f ms%n",
                    1e3 * seconds[0],
                    1e3 * seconds[1],
                    1e3 * seconds[2],
                    1e3 * Arrays.stream(seconds).sum());
        } finally {
            pool.shutdown();
        }
    }

    private static void files() throws Exception {
        ModelConfig config = new ModelConfig(32_000, 768, 12, 12, 4, 2048, 512, true, 1e-6, 10_000);
        Path directory = Files.createTempDirectory("checkpoint");
        Path file = directory.resolve("model.safetensors");
        Files.writeString(
                directory.resolve("config.json"),
                "{\"model_type\": \"qwen2\", \"vocab_size\": 32000, \"hidden_size\": 768, \"num_hidden_layers\": 12,"
                        + " \"num_attention_heads\": 12, \"num_key_value_heads\": 4, \"intermediate_size\": 2048,"
                        + " \"max_position_embeddings\": 512, \"tie_word_embeddings\": true}");
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        try (PolicyModel policy = PolicyModel.random(config, 1, ModelSettings.cpu())) {
            double[] seconds = medians(
                    () -> {
                        try (FileChannel out = FileChannel.open(
                                file,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING)) {
                            policy.writeWeights(out);
                        }
                    },
                    () -> PolicyModel.load(Checkpoint.open(directory), ModelSettings.cpu())
                            .close(),
                    () -> {
                        try (FileChannel in = FileChannel.open(file)) {
                            policy.readWeights(in);
                        }
                    });
            System.out.printf(
                    Locale.ROOT,
                    "files, %,d MB of weights: save %.2f s, load %.3f s, replace in place %.3f s%n",
                    Files.size(file) / 1_000_000,
                    seconds[0],
                    seconds[1],
                    seconds[2]);
        } finally {
            for (String name : List.of("model.safetensors", "config.json", "tokenizer.json")) {
                Files.deleteIfExists(directory.resolve(name));
            }
            Files.delete(directory);
        }
    }

    private static void memory() throws Exception {
        List<SampleRequest> requests = requests(64, 8, SMALL, 1);
        SamplingParameters parameters = new SamplingParameters(1, 1, 0, 16);
        try (PolicyModel policy = PolicyModel.random(SMALL, 1, ModelSettings.cpu());
                PolicyTrainer trainer = new PolicyTrainer(policy, ADAM, new TrainingSettings(1024, 2, false))) {
            Sampler sampler = new Sampler(policy, Set.of());
            StringBuilder line = new StringBuilder("memory, resident MB after steps of sampling and training:");
            for (int step = 0; step <= 2_000; step++) {
                List<TokenSequence> batch = new ArrayList<>();
                List<Completion> completions = sampler.sample(requests, parameters);
                for (int i = 0; i < requests.size(); i++) {
                    batch.add(new TokenSequence(
                            requests.get(i).prompt(), completions.get(i).tokens()));
                }
                likelihoodStep(trainer, batch);
                if (step % 500 == 0) {
                    line.append(String.format(Locale.ROOT, " %d: %d", step, residentMegabytes()));
                }
            }
            System.out.println(line);
        }
    }

    private static long residentMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(0);
    }
}
