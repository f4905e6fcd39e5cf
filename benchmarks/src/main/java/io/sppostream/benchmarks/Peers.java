package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.benchmarks.PeerTask.Contestant;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.models.Models;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Times {@code ./sppo train} at K = 0 and K = 1 against peers without a log: SPPO written by hand in PyTorch, and the
 * GRPO trainer of TRL. All start from the same checkpoint and train on the same prompts in the same order, with as many
 * rollouts and optimizer steps, at the same precision, each at its own best learning rate of the same grid. The runs
 * alternate, each in its own process, timed from start to end.
 */
@Command(
        name = "peers",
        description = {
            "Time ./sppo train against a hand-written PyTorch loop and TRL's GRPO, from the same checkpoint.",
            "Needs Python 3.11 or later; installs torch, transformers and trl in the user's cache the first time."
        },
        mixinStandardHelpOptions = true)
final class Peers implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> SCRIPTS = List.of(
            "peer.py",
            "qwen2.py",
            "characters.py",
            "chat.py",
            "trl_settings.py",
            "pytorch_sppo.py",
            "pytorch_chat_sppo.py",
            "trl_grpo.py",
            "trl_chat_grpo.py");

    /** Columns of the table of accuracies over rollouts, at most. */
    private static final int CURVE_COLUMNS = 8;

    /**
     * A run as the table shows it.
     *
     * @param result has {@code seconds} of training, {@code evaluations} and {@code peak_resident_bytes}, as {@code
     *     summary.json} has
     */
    private record Outcome(double wallSeconds, JsonNode result) {
        double trainingSeconds() {
            return result.get("seconds").asDouble();
        }

        /** Seconds of training until an evaluation reached a level; infinite if none did. */
        double secondsTo(double level) {
            return evaluations()
                    .filter(evaluation -> evaluation.get("accuracy").asDouble() >= level)
                    .mapToDouble(evaluation -> evaluation.get("seconds").asDouble())
                    .min()
                    .orElse(Double.POSITIVE_INFINITY);
        }

        /** The mean over the last evaluations. */
        double accuracy(int last) {
            List<Double> all = evaluations()
                    .map(evaluation -> evaluation.get("accuracy").asDouble())
                    .toList();
            return all.subList(Math.max(0, all.size() - last), all.size()).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(Double.NaN);
        }

        /** The accuracy after a step; NaN if it was not evaluated. */
        double accuracyAfter(int step) {
            return result.get("evaluations")
                    .valueStream()
                    .filter(evaluation -> evaluation.get("step").asInt() == step)
                    .mapToDouble(evaluation -> evaluation.get("accuracy").asDouble())
                    .findFirst()
                    .orElse(Double.NaN);
        }

        /** The most memory of the process, in GB; NaN if the system does not tell. */
        double gigabytes() {
            return result.path("peak_resident_bytes").asDouble(Double.NaN) / 1e9;
        }

        /** The trained versions that were evaluated, by step. */
        List<Integer> steps() {
            return evaluations()
                    .map(evaluation -> evaluation.get("step").asInt())
                    .toList();
        }

        /** Evaluations of trained versions. */
        private Stream<JsonNode> evaluations() {
            return result.get("evaluations")
                    .valueStream()
                    .filter(evaluation -> evaluation.get("step").asInt() > 0);
        }
    }

    @Option(
            names = "--task",
            paramLabel = "TASK",
            defaultValue = "addition",
            converter = PeerTask.Converter.class,
            description = "addition, or smollm2-arithmetic, which needs --model (default: ${DEFAULT-VALUE}).")
    private PeerTask task = PeerTask.ADDITION;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Checkpoint folder that all start from; for smollm2-arithmetic, SmolLM2-135M-Instruct.")
    private @Nullable Path model;

    @Option(
            names = "--precision",
            paramLabel = "PRECISION",
            defaultValue = "fp32",
            description = "Precision of the matrix products, for smollm2-arithmetic: fp32 or bf16 (default:"
                    + " ${DEFAULT-VALUE}).")
    private String precision = "";

    @Option(names = "--rollouts", description = "Per run (default: 245760 for addition, 1920 for smollm2-arithmetic).")
    private int rollouts;

    @Option(
            names = "--repetitions",
            description = "Rounds; each runs all contestants, with a seed of its own (default: 3 for addition, 1 for"
                    + " smollm2-arithmetic).")
    private int repetitions;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of the first round (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--grid",
            description = "Run each contestant once at each learning rate of the grid, in place of the comparison.")
    private boolean grid;

    @Mixin
    private PeerScripts scripts = new PeerScripts();

    @Override
    public Integer call() throws IOException, InterruptedException {
        requireModel();
        rollouts = rollouts > 0 ? rollouts : task.rollouts();
        repetitions = repetitions > 0 ? repetitions : task.repetitions();
        BenchmarkTools.printHeader(
                "peers --task %s%s --rollouts %d --seed %d%s",
                task.name(),
                task.needsModel() ? " --precision " + precision : "",
                rollouts,
                seed,
                grid ? " --grid" : " --repetitions " + repetitions);
        scripts.install();
        Path directory = Files.createTempDirectory("sppo-peers");
        try {
            PeerScripts.write(directory, SCRIPTS);
            if (grid) {
                searchGrid(directory);
            } else {
                compare(directory);
            }
        } finally {
            BenchmarkTools.delete(directory);
        }
        return 0;
    }

    private void requireModel() {
        if (task.needsModel() != (model != null)) {
            throw new UserException(
                    task.needsModel()
                            ? "task " + task.name() + " needs a checkpoint folder as --model, such as that of"
                                    + " HuggingFaceTB/SmolLM2-135M-Instruct"
                            : "task " + task.name() + " starts from its shipped policy: leave --model out");
        }
    }

    private void compare(Path directory) throws IOException, InterruptedException {
        Map<Contestant, List<Outcome>> outcomes = new EnumMap<>(Contestant.class);
        for (int round = 0; round < repetitions; round++) {
            System.out.printf("%nround %d%n", round + 1);
            for (Contestant contestant : Contestant.values()) {
                Outcome outcome = run(contestant, task.rate(contestant), seed + round, directory);
                outcomes.computeIfAbsent(contestant, key -> new ArrayList<>()).add(outcome);
                print(contestant.title, outcome);
            }
        }
        System.out.printf("%nversions     %s%n", versions(outcomes));
        System.out.printf("%nMedians, and in parentheses each round:%n%n");
        System.out.printf(
                "| | wall, s | training, s | %s | accuracy | memory, GB |%n|---|---|---|%s---|---|%n",
                task.levels().stream().map(level -> level(level) + " after, s").collect(Collectors.joining(" | ")),
                "---|".repeat(task.levels().size()));
        outcomes.forEach((contestant, all) -> System.out.printf(
                "| %s, lr %s | %s | %s | %s | %s | %s |%n",
                contestant.title,
                rate(task.rate(contestant)),
                cell(all, "%.1f", Outcome::wallSeconds),
                cell(all, "%.1f", Outcome::trainingSeconds),
                task.levels().stream()
                        .map(level -> cell(all, "%.1f", outcome -> outcome.secondsTo(level)))
                        .collect(Collectors.joining(" | ")),
                cell(all, "%.3f", outcome -> outcome.accuracy(task.lastEvaluations())),
                cell(all, "%.2f", Outcome::gigabytes)));
        System.out.printf(
                "%nWall seconds are of whole processes. Training and times to an accuracy count from the first sampling;"
                        + " the peers' clocks stop during evaluations. Accuracy is held out and sampled, the mean of"
                        + " the last %d evaluations. Memory is the peak of the process, without our broker.%n%n",
                task.lastEvaluations());
        printCurves(outcomes);
        for (Contestant ours : List.of(Contestant.SPPO_STREAM_0, Contestant.SPPO_STREAM_1)) {
            System.out.printf(
                    "ratio        %s over PyTorch: wall %s, training %s, %s%n",
                    ours.title,
                    ratio(outcomes, ours, Outcome::wallSeconds),
                    ratio(outcomes, ours, Outcome::trainingSeconds),
                    task.levels().stream()
                            .map(level -> "to " + level(level) + " "
                                    + ratio(outcomes, ours, outcome -> outcome.secondsTo(level)))
                            .collect(Collectors.joining(", ")));
        }
    }

    /** Accuracy over rollouts, at evaluations that all contestants have made. */
    private void printCurves(Map<Contestant, List<Outcome>> outcomes) {
        List<Integer> evaluated =
                Objects.requireNonNull(outcomes.get(Contestant.PYTORCH)).get(0).steps();
        int apart = (evaluated.size() + CURVE_COLUMNS - 1) / CURVE_COLUMNS;
        List<Integer> shown = IntStream.range(0, evaluated.size())
                .filter(i -> (evaluated.size() - 1 - i) % apart == 0)
                .mapToObj(evaluated::get)
                .toList();
        int batch = batchSize();
        System.out.printf(
                Locale.ROOT,
                "| accuracy after rollouts | %s |%n|---|%s%n",
                shown.stream().map(step -> Integer.toString(step * batch)).collect(Collectors.joining(" | ")),
                "---|".repeat(shown.size()));
        outcomes.forEach((contestant, all) -> System.out.printf(
                "| %s | %s |%n",
                contestant.title,
                shown.stream()
                        .map(step -> cell(all, "%.3f", outcome -> outcome.accuracyAfter(step)))
                        .collect(Collectors.joining(" | "))));
        System.out.println();
    }

    private void searchGrid(Path directory) throws IOException, InterruptedException {
        Map<Contestant, SortedMap<Double, Double>> accuracies = new EnumMap<>(Contestant.class);
        for (Contestant contestant : Contestant.values()) {
            for (double rate : task.grid()) {
                Outcome outcome = run(contestant, rate, seed, directory);
                accuracies
                        .computeIfAbsent(contestant, key -> new TreeMap<>())
                        .put(rate, outcome.accuracy(task.lastEvaluations()));
                print(contestant.title + ", lr " + rate(rate), outcome);
            }
        }
        System.out.printf(
                "%n| accuracy at lr | %s |%n|---|%s%n",
                task.grid().stream().map(Peers::rate).collect(Collectors.joining(" | ")),
                "---|".repeat(task.grid().size()));
        accuracies.forEach((contestant, byRate) -> System.out.printf(
                "| %s | %s |%n",
                contestant.title,
                byRate.values().stream()
                        .map(accuracy -> String.format(Locale.ROOT, "%.3f", accuracy))
                        .collect(Collectors.joining(" | "))));
    }

    private Outcome run(Contestant contestant, double rate, long runSeed, Path directory)
            throws IOException, InterruptedException {
        int steps = Math.max(1, rollouts / batchSize());
        Map<String, String> flags = new TreeMap<>();
        flags.put(SettingsDefinition.SEED, Long.toString(runSeed));
        flags.put(SettingsDefinition.POLICY_LEARNING_RATE, Double.toString(rate));
        if (model != null) {
            flags.put(SettingsDefinition.MODEL, model.toAbsolutePath().toString());
            flags.put(SettingsDefinition.PRECISION, precision);
        }
        if (contestant.isPeer()) {
            flags.put(SettingsDefinition.RUN, "peers");
            flags.put(SettingsDefinition.STEPS, Integer.toString(steps));
            flags.put(SettingsDefinition.DATA_DIR, directory.toString());
            return runPeer(contestant, Configuration.load(task.preset(), Map.of(), flags), directory);
        }
        flags.put(SettingsDefinition.LAG, contestant == Contestant.SPPO_STREAM_0 ? "0" : "1");
        List<String> options = new ArrayList<>();
        Path preset = task.preset();
        if (preset != null) {
            options.add("--config=" + preset);
        }
        flags.forEach((name, value) -> options.add("--set=" + name + "=" + value));
        MeasuredRun run = MeasuredRun.onKafka(steps, options);
        return new Outcome(run.wallSeconds(), run.result());
    }

    private int batchSize() {
        return Configuration.load(task.preset(), Map.of(), Map.of(SettingsDefinition.RUN, "peers"))
                .settings()
                .batchSize();
    }

    private Outcome runPeer(Contestant peer, Configuration configuration, Path directory)
            throws IOException, InterruptedException {
        RunSettings settings = configuration.settings();
        Path start = Models.policy(settings).directory();
        writeProblems(settings, directory);
        PeerScripts.Report report = scripts.run(
                directory,
                task.script(peer),
                List.of(
                        "--model=" + start,
                        "--problems=" + directory,
                        "--settings=" + JSON.writeValueAsString(configuration.effective())));
        return new Outcome(report.wallSeconds(), report.json());
    }

    /** Writes the problems as the scripts read them: the training problems of a step on a line, in the feed's order. */
    private static void writeProblems(RunSettings settings, Path directory) throws IOException {
        Dataset dataset = Datasets.open(settings);
        EpochOrder order = new EpochOrder(dataset, settings.seed());
        try (BufferedWriter train = Files.newBufferedWriter(directory.resolve("train.jsonl"))) {
            for (int step = 0; step < settings.steps(); step++) {
                int first = step * settings.batchSize();
                train.write(json(IntStream.range(first, first + settings.batchSize())
                        .mapToObj(order::at)
                        .toList()));
                train.newLine();
            }
        }
        List<Problem> heldOut =
                dataset.heldOut().stream().limit(settings.evaluationPrompts()).toList();
        Files.writeString(directory.resolve("held-out.jsonl"), json(heldOut));
    }

    private static String json(List<Problem> problems) throws IOException {
        return JSON.writeValueAsString(Map.of(
                "prompts",
                problems.stream()
                        .map(problem -> problem.messages().get(0).getContent())
                        .toList(),
                "answers",
                problems.stream().map(Problem::reference).toList()));
    }

    private void print(String name, Outcome outcome) {
        System.out.printf(
                Locale.ROOT,
                "%-34s %.1f s, %.1f s of them training; %s; accuracy %.3f; %.2f GB%n",
                name,
                outcome.wallSeconds(),
                outcome.trainingSeconds(),
                task.levels().stream()
                        .map(level -> level(level) + " after " + number("%.1f", outcome.secondsTo(level)) + " s")
                        .collect(Collectors.joining(", ")),
                outcome.accuracy(task.lastEvaluations()),
                outcome.gigabytes());
    }

    /** The packages that the peers have reported. */
    private static String versions(Map<Contestant, List<Outcome>> outcomes) {
        SortedMap<String, String> versions = new TreeMap<>();
        outcomes.values()
                .forEach(all -> Objects.requireNonNullElse(all.get(0).result().get("versions"), JSON.createObjectNode())
                        .properties()
                        .forEach(entry ->
                                versions.put(entry.getKey(), entry.getValue().asText())));
        return versions.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }

    private static String cell(List<Outcome> outcomes, String format, ToDoubleFunction<Outcome> value) {
        List<Double> values = outcomes.stream().map(value::applyAsDouble).toList();
        return number(format, BenchmarkTools.median(values)) + " ("
                + values.stream().map(each -> number(format, each)).collect(Collectors.joining(" ")) + ")";
    }

    /** The median ratio of a round of ours to the same round of PyTorch; infinite if one of them has no value. */
    private static String ratio(
            Map<Contestant, List<Outcome>> outcomes, Contestant ours, ToDoubleFunction<Outcome> value) {
        List<Outcome> mine = Objects.requireNonNull(outcomes.get(ours));
        List<Outcome> theirs = Objects.requireNonNull(outcomes.get(Contestant.PYTORCH));
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < mine.size(); i++) {
            double peer = value.applyAsDouble(theirs.get(i));
            ratios.add(Double.isInfinite(peer) ? Double.POSITIVE_INFINITY : value.applyAsDouble(mine.get(i)) / peer);
        }
        return number("%.2f", BenchmarkTools.median(ratios));
    }

    /** A number; a dash for an accuracy that was never reached. */
    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
    }

    /** An accuracy in words, such as .50. */
    private static String level(double level) {
        return String.format(Locale.ROOT, "%.2f", level).substring(1);
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, "%.0e", rate).replace("e-0", "e-");
    }
}
