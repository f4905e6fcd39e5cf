package io.sppostream.benchmarks;

import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Guards the price of the log: measures the processor time that the log costs per rollout, in units of a fixed
 * calibration workload, and the memory that it allocates, and fails if either is more than its committed baseline allows.
 * Processor time depends on other work on the machine far less than wall-clock time does, and the unit far less on the
 * machine than seconds do; allocations depend on neither. {@code ./bench log-price} compares whole runs.
 */
@Command(
        name = "guard",
        description = {
            "Compare processor time and memory that the log costs with the committed baseline; fail on a regression.",
            "Exit code: 0 if no cost is over its limit, 1 if one is, 2 if there is no baseline."
        },
        mixinStandardHelpOptions = true)
final class Guard implements Callable<Integer> {
    @Option(
            names = "--rounds",
            defaultValue = "60",
            description = "Rounds. If a cost is over its limit, as many again decide (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--tolerance",
            defaultValue = "0.15",
            description = "Share by which a cost may exceed its baseline (default: ${DEFAULT-VALUE}).")
    private double tolerance;

    @Option(
            names = "--baseline",
            defaultValue = "benchmarks/guard.properties",
            description = "File of the baseline (default: ${DEFAULT-VALUE}).")
    private Path file = Path.of("");

    @Option(
            names = "--allocations",
            description =
                    "Compare only what is allocated, which depends neither on the machine nor on other work on it.")
    private boolean allocations;

    @Option(names = "--write", description = "Write the baseline, and compare with nothing.")
    private boolean write;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "guard --rounds %d --tolerance %s%s%s",
                rounds, Double.toString(tolerance), allocations ? " --allocations" : "", write ? " --write" : "");
        Map<String, Double> baseline = write ? Map.of() : baseline();
        Map<String, Double> costs = measure(baseline);
        if (write) {
            writeBaseline(costs);
            return 0;
        }
        baseline.forEach((name, before) -> System.out.printf(
                Locale.ROOT, "%-18s %.3f; baseline %.3f, limit %.3f%n", name, costs.get(name), before, limit(before)));
        List<String> regressions = regressions(costs, baseline);
        if (!regressions.isEmpty()) {
            System.out.printf(
                    "FAILED             %s: more than %.0f %% over the baseline. If the change is worth it, renew the baseline"
                            + " with --write.%n",
                    String.join(", ", regressions), 100 * tolerance);
            return 1;
        }
        System.out.println("passed");
        return 0;
    }

    private Map<String, Double> measure(Map<String, Double> baseline) throws IOException, InterruptedException {
        try (LogCosts log = new LogCosts()) {
            log.measure(rounds);
            if (!regressions(log.costs(), baseline).isEmpty()) {
                System.out.println("over a limit: measuring as often again, to tell a regression from noise");
                log.measure(rounds);
            }
            log.print();
            return log.costs();
        }
    }

    private List<String> regressions(Map<String, Double> costs, Map<String, Double> baseline) {
        return baseline.entrySet().stream()
                .filter(before -> Objects.requireNonNull(costs.get(before.getKey())) > limit(before.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private double limit(double before) {
        return before * (1 + tolerance);
    }

    private Properties readBaseline() throws IOException {
        if (!Files.exists(file)) {
            throw new UserException("there is no baseline " + file + ": start ./bench guard in the folder of the"
                    + " repository, or make one with --write");
        }
        Properties properties = new Properties();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return properties;
    }

    /** The costs that are compared, as the file has them. */
    private Map<String, Double> baseline() throws IOException {
        Properties properties = readBaseline();
        Map<String, Double> baseline = new LinkedHashMap<>();
        for (String name : allocations ? LogCosts.ALLOCATIONS : LogCosts.GUARDED) {
            String value = properties.getProperty(name);
            if (value == null) {
                throw new UserException("the baseline " + file + " has no " + name + ": renew it with --write");
            }
            baseline.put(name, Double.valueOf(value));
        }
        return baseline;
    }

    private void writeBaseline(Map<String, Double> costs) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(
                "# Baseline of ./bench guard: processor time per 1,000 rollouts over that of its calibration workload, and");
        lines.add("# allocated bytes per rollout.");
        lines.add("# Renew it with ./bench guard --write.");
        lines.add("date=" + LocalDate.now(ZoneId.systemDefault()));
        lines.add("machine=" + BenchmarkTools.machine());
        lines.add("rounds=" + rounds);
        LogCosts.GUARDED.forEach(name -> lines.add(String.format(Locale.ROOT, "%s=%.3f", name, costs.get(name))));
        Files.write(file, lines);
        System.out.println("written            " + file);
    }
}
