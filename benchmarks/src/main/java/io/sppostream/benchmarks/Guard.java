package io.sppostream.benchmarks;

import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Guards the price of the log: compares short runs on Kafka with the same algorithm without a log, and fails if a ratio
 * is worse than its committed baseline. Ratios of runs that alternate on one machine vary far less from machine to
 * machine than their times do.
 */
@Command(
        name = "guard",
        description = {
            "Compare the price of the log with the committed baseline; fail on a regression.",
            "Exit code: 0 if no ratio is over its limit, 1 if one is, 2 if there is no baseline."
        },
        mixinStandardHelpOptions = true)
final class Guard implements Callable<Integer> {

    /** A ratio of a run on Kafka to one without a log. */
    private enum Ratio {
        WALL_LAG_0("wall.lag.0", 0),
        WALL_LAG_1("wall.lag.1", 1),
        CPU_LAG_0("cpu.lag.0", 0),
        CPU_LAG_1("cpu.lag.1", 1);

        final String key;
        final int lag;

        Ratio(String key, int lag) {
            this.key = key;
            this.lag = lag;
        }

        String title() {
            return (isCpu() ? "processor" : "wall") + " seconds, K = " + lag;
        }

        double onKafka(Round round) {
            return seconds(lag == 0 ? round.lag0() : round.lag1());
        }

        double withoutLog(Round round) {
            return seconds(round.withoutLog());
        }

        double of(Round round) {
            return onKafka(round) / withoutLog(round);
        }

        private boolean isCpu() {
            return this == CPU_LAG_0 || this == CPU_LAG_1;
        }

        private double seconds(MeasuredRun run) {
            return isCpu() ? run.cpuSeconds() : run.wallSeconds();
        }
    }

    /** Runs that are compared with each other, since they followed one another. */
    private record Round(MeasuredRun withoutLog, MeasuredRun lag0, MeasuredRun lag1) {}

    @Option(
            names = "--steps",
            defaultValue = "40",
            description = "Training steps of a run (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "Rounds. If a ratio is over its limit, as many again decide (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(
            names = "--tolerance",
            defaultValue = "0.15",
            description = "Share by which a ratio may exceed its baseline (default: ${DEFAULT-VALUE}).")
    private double tolerance;

    @Option(
            names = "--baseline",
            defaultValue = "benchmarks/guard.properties",
            description = "File of the baseline (default: ${DEFAULT-VALUE}).")
    private Path file = Path.of("");

    @Option(names = "--write", description = "Write the baseline, and compare with nothing.")
    private boolean write;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "guard --steps %d --repetitions %d --tolerance %s%s",
                steps, repetitions, Double.toString(tolerance), write ? " --write" : "");
        Map<Ratio, Double> baseline = write ? Map.of() : readBaseline();
        List<Round> rounds = new ArrayList<>();
        measure(rounds);
        if (write) {
            print(rounds, baseline);
            writeBaseline(rounds);
            return 0;
        }
        if (!regressions(rounds, baseline).isEmpty()) {
            System.out.println("over a limit: measuring as often again, to tell a regression from noise");
            measure(rounds);
        }
        print(rounds, baseline);
        List<Ratio> regressions = regressions(rounds, baseline);
        if (!regressions.isEmpty()) {
            System.out.printf(
                    "FAILED       %s: more than %.0f %% over the baseline. If the change is worth it, renew the baseline"
                            + " with --write.%n",
                    regressions.stream().map(Ratio::title).collect(Collectors.joining("; ")), 100 * tolerance);
            return 1;
        }
        System.out.println("passed");
        return 0;
    }

    private void measure(List<Round> rounds) throws IOException, InterruptedException {
        for (int i = 0; i < repetitions; i++) {
            Round round = new Round(
                    MeasuredRun.withoutLogOnAllCores(steps, List.of()),
                    MeasuredRun.onKafka(steps, List.of("--lag=0")),
                    MeasuredRun.onKafka(steps, List.of("--lag=1")));
            rounds.add(round);
            System.out.printf(
                    Locale.ROOT,
                    "round %-6d %.1f s without log, %.1f s at K = 0, %.1f s at K = 1; processor %.1f s, %.1f s, %.1f s%n",
                    rounds.size(),
                    round.withoutLog().wallSeconds(),
                    round.lag0().wallSeconds(),
                    round.lag1().wallSeconds(),
                    round.withoutLog().cpuSeconds(),
                    round.lag0().cpuSeconds(),
                    round.lag1().cpuSeconds());
        }
    }

    private List<Ratio> regressions(List<Round> rounds, Map<Ratio, Double> baseline) {
        return baseline.keySet().stream()
                .filter(ratio -> ratio(ratio, rounds) > limit(ratio, baseline))
                .toList();
    }

    private double limit(Ratio ratio, Map<Ratio, Double> baseline) {
        return Objects.requireNonNull(baseline.get(ratio)) * (1 + tolerance);
    }

    /** The median over the rounds. */
    private static double ratio(Ratio ratio, List<Round> rounds) {
        return BenchmarkTools.median(rounds.stream().map(ratio::of).toList());
    }

    private void print(List<Round> rounds, Map<Ratio, Double> baseline) {
        System.out.printf("%n%-26s on Kafka  without  ratio (each round)%n", "medians of " + rounds.size());
        for (Ratio ratio : Ratio.values()) {
            System.out.printf(
                    Locale.ROOT,
                    "%-26s %6.1f s %6.1f s  %.2f (%s)%s%n",
                    ratio.title(),
                    BenchmarkTools.median(rounds.stream().map(ratio::onKafka).toList()),
                    BenchmarkTools.median(rounds.stream().map(ratio::withoutLog).toList()),
                    ratio(ratio, rounds),
                    rounds.stream()
                            .map(round -> String.format(Locale.ROOT, "%.2f", ratio.of(round)))
                            .collect(Collectors.joining(" ")),
                    baseline.containsKey(ratio)
                            ? String.format(
                                    Locale.ROOT,
                                    "; baseline %.2f, limit %.2f",
                                    baseline.get(ratio),
                                    limit(ratio, baseline))
                            : "");
        }
        System.out.println();
    }

    private Map<Ratio, Double> readBaseline() throws IOException {
        if (!Files.exists(file)) {
            throw new UserException("there is no baseline " + file + ": start ./bench guard in the folder of the"
                    + " repository, or make one with --write");
        }
        Properties properties = new Properties();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        if (!Integer.toString(steps).equals(properties.getProperty("steps"))) {
            throw new UserException("the baseline " + file + " is of runs of " + properties.getProperty("steps")
                    + " steps: give --steps, or renew it with --write");
        }
        Map<Ratio, Double> baseline = new EnumMap<>(Ratio.class);
        for (Ratio ratio : Ratio.values()) {
            String value = properties.getProperty(ratio.key);
            if (value == null) {
                throw new UserException("the baseline " + file + " has no " + ratio.key + ": renew it with --write");
            }
            baseline.put(ratio, Double.valueOf(value));
        }
        return baseline;
    }

    private void writeBaseline(List<Round> rounds) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(
                "# Baseline of ./bench guard: seconds of ./sppo train over those of the same algorithm without a log.");
        lines.add("# Renew it with ./bench guard --write.");
        lines.add("date=" + LocalDate.now(ZoneId.systemDefault()));
        lines.add("machine=" + BenchmarkTools.machine());
        lines.add("steps=" + steps);
        lines.add("repetitions=" + repetitions);
        for (Ratio ratio : Ratio.values()) {
            lines.add(String.format(Locale.ROOT, "%s=%.3f", ratio.key, ratio(ratio, rounds)));
        }
        Files.write(file, lines);
        System.out.println("written      " + file);
    }
}
