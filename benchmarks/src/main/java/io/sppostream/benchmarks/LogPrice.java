package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The price of the log: times {@code train} on Kafka against {@link SynchronousSppo}, the same algorithm without a log,
 * with the same settings. The runs alternate, each in its own Java process, timed from start to end. On Kafka the roles
 * share the cores, while the phases of the loop follow one another. So the loop is also timed with a thread per core in
 * each phase.
 */
@Command(
        name = "log-price",
        description = "Time a run on Kafka against the same algorithm in one process without a log.",
        mixinStandardHelpOptions = true)
final class LogPrice implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--steps", defaultValue = "480", description = "Training steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--lag", defaultValue = "1", description = "K of the run on Kafka (default: ${DEFAULT-VALUE}).")
    private int lag;

    @Option(
            names = "--repetitions",
            defaultValue = "1",
            description = "Rounds; each times all three runs (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--tokens",
            defaultValue = "0",
            description = "Tokens of a response, by a random policy of 20 million parameters and 16 rollouts a step; 0:"
                    + " the addition task as it is (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path model = Files.createTempDirectory("sppo-model");
        try {
            BenchmarkTools.printHeader(
                    "log-price --steps %d --lag %d --repetitions %d --tokens %d", steps, lag, repetitions, tokens);
            compare(tokens == 0 ? List.of() : LongResponses.options(model, tokens));
        } finally {
            BenchmarkTools.delete(model);
        }
        return 0;
    }

    private void compare(List<String> options) throws IOException, InterruptedException {
        List<Double> ratios = new ArrayList<>();
        List<Double> threadedRatios = new ArrayList<>();
        List<Double> floors = new ArrayList<>();
        for (int i = 1; i <= repetitions; i++) {
            MeasuredRun without = MeasuredRun.withoutLog(steps, options);
            MeasuredRun threaded = MeasuredRun.withoutLogOnAllCores(steps, options);
            MeasuredRun with = MeasuredRun.onKafka(
                    steps,
                    Stream.concat(Stream.of("--lag=" + lag), options.stream()).toList());
            ratios.add(with.wallSeconds() / without.wallSeconds());
            floors.add(with.cpuSeconds() / Runtime.getRuntime().availableProcessors() / threaded.wallSeconds());
            threadedRatios.add(with.wallSeconds() / threaded.wallSeconds());
            System.out.printf(Locale.ROOT, "%nround %d%n", i);
            print("without log", without);
            print("  all cores", threaded);
            print("on the log", with);
        }
        System.out.printf(
                Locale.ROOT,
                "%nratio        %.2f the same settings, %.2f over the best loop (whole processes, medians of %d)%n"
                        + "floor        %.2f over the best loop, if no core ever waited: processor seconds of the run on"
                        + " Kafka / cores%n",
                BenchmarkTools.median(ratios),
                BenchmarkTools.median(threadedRatios),
                repetitions,
                BenchmarkTools.median(floors));
    }

    private static void print(String name, MeasuredRun run) {
        JsonNode result = run.result();
        System.out.printf(
                Locale.ROOT,
                "%-12s %.1f s, %.1f s of them training; accuracy %.3f; by %s%n",
                name,
                run.wallSeconds(),
                result.get("seconds").asDouble(),
                result.get("accuracy_after").asDouble(),
                result.has("seconds_by_role")
                        ? "role, CPU seconds: " + result.get("seconds_by_role")
                        : "phase, wall-clock seconds: " + result.get("seconds_by_phase"));
    }

    /** {@link SynchronousSppo} alone; prints the result as JSON. */
    @Command(
            name = "without-log",
            description = "Train in one process without a log; prints the result as JSON.",
            mixinStandardHelpOptions = true)
    static final class WithoutLog implements Callable<Integer> {
        @Option(names = "--steps", defaultValue = "480", description = "Training steps (default: ${DEFAULT-VALUE}).")
        private String steps = "";

        @Option(
                names = "--threads",
                description = "Threads that sample and that share a gradient (default: those of the preset).")
        private @Nullable String threads;

        @Option(names = "--set", description = "A setting, as KEY=VALUE; may be repeated.")
        private Map<String, String> set = Map.of();

        @Override
        public Integer call() throws IOException, InterruptedException {
            Path data = Files.createTempDirectory("sppo-without-log");
            try {
                Map<String, String> flags =
                        new HashMap<>(Map.of("run", "without-log", "steps", steps, "data.dir", data.toString()));
                flags.putAll(set);
                if (threads != null) {
                    flags.putAll(Map.of("rollout.workers", threads, "training.threads", threads));
                }
                Configuration configuration = Configuration.load(null, Map.of(), flags);
                SynchronousSppo.Result result = new SynchronousSppo(configuration).run();
                System.out.println(JSON.writeValueAsString(Map.of(
                        "seconds", result.seconds(),
                        "seconds_by_phase", result.secondsByPhase(),
                        "accuracy_after", result.accuracies().get(Integer.parseInt(steps)),
                        "weights_sha256", result.policySha256())));
                return 0;
            } finally {
                BenchmarkTools.delete(data);
            }
        }
    }
}
