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
 * What a crash of everything costs a run whose log is short, and the same run when its log is ten times as long: all
 * roles and the broker are killed, and started again. What is to be read anew must not grow with what was ever written.
 */
@Command(
        name = "recovery",
        description =
                "Kill a run as a whole when its log is short, and when it is ten times as long, and time its way back.",
        mixinStandardHelpOptions = true)
final class Recovery implements Callable<Integer> {
    private static final int TIMES_AS_LONG = 10;

    /** From one kill to the next: no divisor of the steps from snapshot to snapshot, so that all distances to one occur. */
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
        LogPrice.printHeader("recovery --steps %d --repetitions %d", steps, repetitions);
        Path directory = Files.createTempDirectory("sppo-recovery");
        try (ProcessPerRole run = new ProcessPerRole(configuration(directory), directory)) {
            double brief = LogPrice.median(recoveries(run, steps));
            double lengthy = LogPrice.median(recoveries(run, TIMES_AS_LONG * steps));
            System.out.printf(
                    Locale.ROOT,
                    "%nratio        %.2f of the medians, after %d steps and more over after %d and more%n",
                    lengthy / brief,
                    TIMES_AS_LONG * steps,
                    steps);
        }
        LogPrice.delete(directory);
        return 0;
    }

    private static Configuration configuration(Path directory) {
        return Configuration.load(
                null,
                Map.of(),
                Map.of(
                        "run", "recovery",
                        "steps", Integer.toString(ProcessPerRole.ENDLESS),
                        "data.dir", directory.resolve("roles").toString()));
    }

    private List<Double> recoveries(ProcessPerRole run, int from) throws IOException {
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < repetitions; i++) {
            run.awaitStep(from + i * STEPS_BETWEEN_KILLS);
            long start = System.nanoTime();
            run.killAll();
            seconds.add(run.awaitRecovery(start));
        }
        System.out.printf(
                Locale.ROOT,
                "after %4d steps and more: recovered in %.1f s, median of %d (%.1f to %.1f s)%n",
                from,
                LogPrice.median(seconds),
                repetitions,
                Collections.min(seconds),
                Collections.max(seconds));
        return seconds;
    }
}
