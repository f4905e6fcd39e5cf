package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole training run in a process of its own.
 *
 * @param wallSeconds of the process, from start to end
 * @param cpuSeconds of the process and its children; NaN if the kernel does not tell
 * @param result what the run reports
 */
record MeasuredRun(double wallSeconds, double cpuSeconds, JsonNode result) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String RUN = "measured";

    /** {@code ./sppo train}: the result is its {@code summary.json}. */
    static MeasuredRun onKafka(int steps, List<String> options) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-train");
        try {
            List<String> arguments = new ArrayList<>(List.of(
                    "train",
                    "--run=" + RUN,
                    "--steps=" + steps,
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory));
            arguments.addAll(options);
            ChildProcess process = java(io.sppostream.cli.Main.class, arguments, directory);
            return of(process, directory.resolve(RUN).resolve("summary.json"));
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    /** {@code ./bench without-log}: the result is the JSON it prints. */
    static MeasuredRun withoutLog(int steps, List<String> options) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-without-log");
        try {
            List<String> arguments = new ArrayList<>(List.of("without-log", "--steps=" + steps));
            arguments.addAll(options);
            ChildProcess process = java(Main.class, arguments, directory);
            return of(process, process.output());
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    /** {@link #withoutLog} with a thread per core in each phase, which is as fast as the algorithm runs here. */
    static MeasuredRun withoutLogOnAllCores(int steps, List<String> options) throws IOException, InterruptedException {
        List<String> threaded = new ArrayList<>(options);
        threaded.add("--threads=" + Runtime.getRuntime().availableProcessors());
        return withoutLog(steps, threaded);
    }

    private static MeasuredRun of(ChildProcess process, Path result) throws IOException {
        return new MeasuredRun(process.wallSeconds(), process.cpuSeconds(), JSON.readTree(result.toFile()));
    }

    private static ChildProcess java(Class<?> main, List<String> arguments, Path directory)
            throws IOException, InterruptedException {
        List<String> command = BenchmarkTools.javaCommand();
        if (arguments.stream().anyMatch(MeasuredRun::runsLong)) {
            command.add(BenchmarkTools.OPTIMIZING_COMPILER);
        }
        command.add(main.getName());
        command.addAll(arguments);
        return ChildProcess.run(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT), directory);
    }

    /** Whether {@code ./sppo train} starts with the optimizing compiler, too: for a model or settings of one's own. */
    private static boolean runsLong(String option) {
        return option.startsWith("--set=model=") || option.startsWith("--config=");
    }
}
