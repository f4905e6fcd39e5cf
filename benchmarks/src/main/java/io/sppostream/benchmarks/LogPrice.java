package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.run.config.Configuration;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
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
 * The price of the log: {@code train} through Kafka against the same algorithm in one process without a log, the same
 * settings, in turn, each in a Java process of its own, from its start to its end. Through the log the roles share the
 * cores; the loop's phases follow each other, so that it is also timed with a thread for every core in each of them.
 */
@Command(
        name = "log-price",
        description = "Time a whole run through Kafka against the same algorithm in one process without a log.",
        mixinStandardHelpOptions = true)
final class LogPrice implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--steps", defaultValue = "480", description = "Training steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--lag",
            defaultValue = "1",
            description = "K of the run through Kafka (default: ${DEFAULT-VALUE}).")
    private int lag;

    @Option(names = "--repetitions", defaultValue = "1", description = "Rounds of runs (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    /** One run: its whole process, and what it says of itself. */
    private record Timed(double wallSeconds, JsonNode result) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        printHeader("log-price --steps %d --lag %d --repetitions %d", steps, lag, repetitions);
        List<Double> ratios = new ArrayList<>();
        List<Double> threadedRatios = new ArrayList<>();
        for (int i = 1; i <= repetitions; i++) {
            Timed without = withoutLog(List.of());
            Timed threaded = withoutLog(
                    List.of("--threads", Integer.toString(Runtime.getRuntime().availableProcessors())));
            Timed with = withLog();
            ratios.add(with.wallSeconds() / without.wallSeconds());
            threadedRatios.add(with.wallSeconds() / threaded.wallSeconds());
            System.out.printf(Locale.ROOT, "%nround %d%n", i);
            print("without log", without);
            print("  all cores", threaded);
            print("through log", with);
        }
        System.out.printf(
                Locale.ROOT,
                "%nratio        %.2f the same settings, %.2f over the loop with a thread for every core in each phase"
                        + " (whole processes, median of %d)%n",
                median(ratios),
                median(threadedRatios),
                repetitions);
        return 0;
    }

    /** Prints the command and the machine that what follows was measured with. */
    static void printHeader(String command, Object... arguments) {
        System.out.printf(
                Locale.ROOT,
                "command      ./bench %s%nmachine      %d cores, %s %s, Java %s%n",
                String.format(Locale.ROOT, command, arguments),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                System.getProperty("java.version"));
    }

    private static void print(String name, Timed run) {
        JsonNode result = run.result();
        System.out.printf(
                Locale.ROOT,
                "%-12s %.1f s, of which training %.1f s; accuracy %.3f; by %s%n",
                name,
                run.wallSeconds(),
                result.get("seconds").asDouble(),
                result.get("accuracy_after").asDouble(),
                result.has("seconds_by_role")
                        ? "role, processor seconds: " + result.get("seconds_by_role")
                        : "phase, wall-clock seconds: " + result.get("seconds_by_phase"));
    }

    private Timed withoutLog(List<String> options) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-log-price");
        try {
            Path output = directory.resolve("out");
            List<String> command =
                    new ArrayList<>(List.of(Main.class.getName(), "without-log", "--steps", Integer.toString(steps)));
            command.addAll(options);
            double seconds = time(command, output.toFile());
            return new Timed(seconds, JSON.readTree(output.toFile()));
        } finally {
            delete(directory);
        }
    }

    private Timed withLog() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-log-price");
        try {
            List<String> command = List.of(
                    io.sppostream.cli.Main.class.getName(),
                    "train",
                    "--run=price",
                    "--steps=" + steps,
                    "--lag=" + lag,
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory);
            double seconds = time(command, directory.resolve("out").toFile());
            return new Timed(
                    seconds,
                    JSON.readTree(directory.resolve("price/summary.json").toFile()));
        } finally {
            delete(directory);
        }
    }

    /** Runs a main class with this process's Java, options and class path; returns its seconds from start to end. */
    private static double time(Collection<String> main, File output) throws IOException, InterruptedException {
        List<String> command = java();
        command.addAll(main);
        long start = System.nanoTime();
        int exit = new ProcessBuilder(command)
                .redirectOutput(output)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IllegalStateException("exit code " + exit + " of " + main);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /** The beginning of a command line: this process's Java, options and class path. */
    static List<String> java() {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    /** The in-process loop alone, with its result as JSON. */
    @Command(name = "without-log", description = "Train in one process without a log; prints its result as JSON.")
    static final class WithoutLog implements Callable<Integer> {
        @Option(names = "--steps", defaultValue = "480", description = "Training steps (default: ${DEFAULT-VALUE}).")
        private String steps = "";

        @Option(
                names = "--threads",
                description = "Threads that sample and that share a gradient (default: the preset's).")
        private @Nullable String threads;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Path data = Files.createTempDirectory("sppo-without-log");
            try {
                Map<String, String> flags =
                        new HashMap<>(Map.of("run", "without-log", "steps", steps, "data.dir", data.toString()));
                if (threads != null) {
                    flags.putAll(Map.of("rollout.workers", threads, "training.threads", threads));
                }
                InProcessLoop.Result result = new InProcessLoop(Configuration.load(null, Map.of(), flags)).run();
                System.out.println(JSON.writeValueAsString(Map.of(
                        "seconds", result.seconds(),
                        "seconds_by_phase", result.secondsByPhase(),
                        "accuracy_after", result.accuracies().get(Integer.parseInt(steps)),
                        "weights_sha256", result.policySha256())));
                return 0;
            } finally {
                delete(data);
            }
        }
    }
}
