package io.sppostream.cli;

import io.sppostream.cli.logging.LogFileAppender;
import io.sppostream.compare.Cell;
import io.sppostream.compare.CellProcess;
import io.sppostream.compare.CellSettings;
import io.sppostream.compare.Comparison;
import io.sppostream.compare.ComparisonPlan;
import io.sppostream.compare.Variant;
import io.sppostream.feed.data.Addition;
import io.sppostream.log.LockFile;
import io.sppostream.log.UserException;
import io.sppostream.run.Budget;
import io.sppostream.run.TrainRun;
import io.sppostream.run.WritableDirectory;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.config.ShellWords;
import io.sppostream.run.report.Screen;
import io.sppostream.run.report.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./sppo compare}: several estimators within one budget. */
@Command(
        name = "compare",
        description = "Compare estimators: one run after another from the same start policy, each tuned over the same"
                + " learning rates, within one budget. The same command resumes (docs/comparison.md).",
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
    private static final String LOCK = "lock";

    @Option(
            names = "--estimators",
            paramLabel = "LIST",
            required = true,
            description = "Estimators, separated by commas, with settings in brackets and names of your own:"
                    + " sppo,grpo[mask=true],dr=grpo[normalize=false].")
    private String estimators = "";

    @Option(names = "--dataset", paramLabel = "NAME|FILE", description = "A built-in dataset, or a JSON Lines file.")
    private @Nullable String dataset;

    @Option(names = "--model", paramLabel = "DIR", description = "Start policy of all runs.")
    private @Nullable String model;

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "N",
            description = "Seeds, separated by commas; the first one chooses the rate. Default: 1.")
    private List<Long> seeds = List.of(1L);

    @Option(
            names = "--rates",
            split = ",",
            paramLabel = "RATE",
            description =
                    "Learning rates of the policy, separated by commas. Every estimator tries all of them with the"
                            + " first seed, and takes its best with the others. By default that of the settings.")
    private List<Double> rates = List.of();

    @Option(
            names = "--budget",
            paramLabel = "rollouts=N|seconds=S",
            required = true,
            description = "Rollouts that each run may generate, evidence included, or seconds that it may train.")
    private Budget budget = Budget.UNLIMITED;

    @Option(
            names = "--target",
            paramLabel = "ACCURACY",
            description = "Held-out accuracy whose first time is measured. Default: 0.5.")
    private double target = 0.5;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file of settings for all runs.")
    private @Nullable Path config;

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "A setting of all runs; repeatable. ./sppo config lists them.")
    private Map<String, String> common = new HashMap<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the comparison, with a folder for each run. Default: runs/compare-DATASET.")
    private @Nullable Path out;

    @Option(
            names = "--redraw",
            description =
                    "Start no run: write the tables and the figure from the recorded runs that have spent the budget.")
    private boolean redraw;

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Override
    public Integer call() throws InterruptedException {
        put(SettingsDefinition.DATASET, dataset);
        put(SettingsDefinition.MODEL, model);
        ComparisonPlan plan = new ComparisonPlan(Variant.parse(estimators), rates, seeds, budget, target);
        CellSettings settings = new CellSettings(config, System.getenv(), common, folder(), budget);
        WritableDirectory.require(settings.folder(), "--out");
        LogFileAppender.logTo(settings.folder());
        try (LockFile lock = LockFile.tryLock(settings.folder().resolve(LOCK))) {
            if (lock == null) {
                throw new UserException("another process compares in "
                        + settings.folder().toAbsolutePath() + ": wait for it, or give another --out");
            }
            return compare(plan, settings);
        } catch (IOException e) {
            throw new UserException("cannot lock " + settings.folder().toAbsolutePath() + ": " + e.getMessage());
        }
    }

    private int compare(ComparisonPlan plan, CellSettings settings) throws InterruptedException {
        Configuration first = settings.configuration(plan.candidates().get(0));
        Comparison comparison = new Comparison(
                Datasets.name(first.settings()),
                plan,
                new CellProcess(settings, Main.class),
                settings.folder(),
                Screen.standard());
        int code = 0;
        if (redraw) {
            comparison.redraw();
        } else {
            requireFiles(plan, settings);
            System.out.println("comparing " + plan.variants().size() + " estimators in " + plan.size()
                    + " runs, budget " + budget + ", in " + settings.folder());
            code = StopRequest.obeying(comparison::run, resumeCommand());
        }
        print(comparison);
        return code == 0 && comparison.hasFailed() ? 1 : code;
    }

    /** Checks every variant before the first run, since a run may take hours. */
    private static void requireFiles(ComparisonPlan plan, CellSettings settings) {
        for (Variant variant : plan.variants()) {
            for (Cell cell : plan.candidates()) {
                if (cell.variant().equals(variant)) {
                    Configuration configuration = settings.configuration(cell);
                    Datasets.requireKnown(configuration.settings());
                    TrainRun.require(configuration.settings());
                    break;
                }
            }
        }
    }

    private Path folder() {
        return out != null ? out : Path.of("runs", "compare-" + (dataset == null ? Addition.NAME : name(dataset)));
    }

    /** A dataset's name, or its file's, in letters that a folder may have. */
    private static String name(String dataset) {
        Path file = Path.of(dataset).getFileName();
        return String.valueOf(file).replaceAll("[^A-Za-z0-9_-]+", "-");
    }

    private static void print(Comparison comparison) {
        for (List<List<String>> rows : comparison.tables()) {
            if (!rows.isEmpty()) {
                TextTable table = new TextTable(rows.get(0).toArray(String[]::new));
                rows.subList(1, rows.size()).forEach(row -> table.add(row.toArray()));
                System.out.println();
                table.print(System.out);
            }
        }
        System.out.println();
        comparison.notes().forEach(note -> System.out.println(TerminalText.printable(note)));
        System.out.println(
                "comparison  " + comparison.files().stream().map(Path::toString).collect(Collectors.joining(", ")));
    }

    private String resumeCommand() {
        return "./sppo "
                + command.root().commandLine().getParseResult().originalArgs().stream()
                        .map(ShellWords::quoted)
                        .collect(Collectors.joining(" "));
    }

    private void put(String name, @Nullable String value) {
        if (value != null) {
            common.put(name, value);
        }
    }
}
