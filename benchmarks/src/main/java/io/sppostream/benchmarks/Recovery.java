package io.sppostream.benchmarks;

import io.sppostream.run.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures how long a run takes to recover after all roles and the broker were killed, when its log is short and when
 * it is ten times as long. Recovery must not slow down as the log grows.
 */
@Command(
        name = "recovery",
        description = "Kill a whole run when its log is short and when it is ten times as long; time its recovery.",
        mixinStandardHelpOptions = true)
final class Recovery implements Callable<Integer> {
    private static final int TIMES_AS_LONG = 10;

    /** Does not divide the interval of snapshots, so that kills occur at all distances from a snapshot. */
    private static final int STEPS_BETWEEN_KILLS = 7;

    @Option(
            names = "--steps",
            defaultValue = "50",
            description = "Training steps before the first kill (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--repetitions",
            defaultValue = "7",
            description = "Kills at each length (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader("recovery --steps %d --repetitions %d", steps, repetitions);
        Path directory = Files.createTempDirectory("sppo-recovery");
        try (RoleProcesses run = new RoleProcesses(configuration(directory), directory)) {
            double shortLog = BenchmarkTools.median(recoverySeconds(run, steps));
            double longLog = BenchmarkTools.median(recoverySeconds(run, TIMES_AS_LONG * steps));
            System.out.printf(
                    Locale.ROOT,
                    "%nratio        %.2f: median after at least %d steps, over median after at least %d steps%n",
                    longLog / shortLog,
                    TIMES_AS_LONG * steps,
                    steps);
        }
        BenchmarkTools.delete(directory);
        return 0;
    }

    private static Configuration configuration(Path directory) {
        return Configuration.load(
                null,
                Map.of(),
                Map.of(
                        "run", "recovery",
                        "steps", Integer.toString(RoleProcesses.ENDLESS),
                        "data.dir", directory.resolve("roles").toString()));
    }

    private List<Double> recoverySeconds(RoleProcesses run, int from) throws IOException {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < repetitions; i++) {
            run.awaitStep(from + i * STEPS_BETWEEN_KILLS);
            long start = System.nanoTime();
            run.killAll();
            seconds.add(run.awaitRecovery(start));
        }
        System.out.printf(
                Locale.ROOT,
                "after at least %4d steps: recovered in %.1f s, median of %d (%.1f to %.1f s)%n",
                from,
                BenchmarkTools.median(seconds),
                repetitions,
                Collections.min(seconds),
                Collections.max(seconds));
        return seconds;
    }
}
