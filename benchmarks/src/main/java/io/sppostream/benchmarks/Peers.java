package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.feed.data.Problem;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.models.Models;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times {@code ./sppo train} at K = 0 and K = 1 against peers without a log: SPPO written by hand in PyTorch, and the
 * GRPO trainer of TRL. All start from the same checkpoint and train on the same prompts in the same order, with as many
 * rollouts and optimizer steps, each at its own best learning rate of the same grid. The runs alternate, each in its own
 * process, timed from start to end.
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
    private static final String RATE = "policy.learning.rate";
    private static final List<Double> GRID = List.of(1e-4, 2e-4, 5e-4, 1e-3);

    /** Accuracy is the mean over this many last evaluations: one is a sample of 1,000 answers, .015 either way. */
    private static final int LAST_EVALUATIONS = 5;

    /** What is compared, with the best rate of the grid. */
    private enum Contestant {
        SPPO_STREAM_0("SPPO Stream, K = 0", 5e-4, ""),
        SPPO_STREAM_1("SPPO Stream, K = 1", 5e-4, ""),
        PYTORCH("PyTorch by hand, SPPO", 5e-4, "pytorch_sppo.py"),
        TRL("TRL, GRPO", 2e-4, "trl_grpo.py");

        final String title;
        final double rate;

        /** Empty for ours. */
        final String script;

        Contestant(String title, double rate, String script) {
            this.title = title;
            this.rate = rate;
            this.script = script;
        }

        boolean isPeer() {
            return !script.isEmpty();
        }
    }

    /**
     * A run as the table shows it.
     *
     * @param result has {@code seconds} of training and {@code evaluations}, as {@code summary.json} has
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

        double accuracy() {
            List<Double> all = evaluations()
                    .map(evaluation -> evaluation.get("accuracy").asDouble())
                    .toList();
            return all.subList(Math.max(0, all.size() - LAST_EVALUATIONS), all.size()).stream()
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(Double.NaN);
        }

        /** Evaluations of trained versions. */
        private Stream<JsonNode> evaluations() {
            return result.get("evaluations")
                    .valueStream()
                    .filter(evaluation -> evaluation.get("step").asInt() > 0);
        }
    }

    @Option(names = "--rollouts", defaultValue = "245760", description = "Per run (default: ${DEFAULT-VALUE}).")
    private int rollouts;

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "Rounds; each runs all contestants, with a seed of its own (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Option(names = "--seed", defaultValue = "1", description = "Seed of the first round (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--grid",
            description = "Run each contestant once at each learning rate of the grid, in place of the comparison.")
    private boolean grid;

    @Option(
            names = "--python",
            defaultValue = "python3",
            description = "Python to make the virtual environment with (default: ${DEFAULT-VALUE}).")
    private String basePython = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "peers --rollouts %d --seed %d%s", rollouts, seed, grid ? " --grid" : " --repetitions " + repetitions);
        PythonEnvironment environment = PythonEnvironment.open("peers", basePython, resource("requirements.txt"));
        Path directory = Files.createTempDirectory("sppo-peers");
        try {
            for (String script : List.of("qwen2.py", "peer.py", "pytorch_sppo.py", "trl_grpo.py")) {
                Files.writeString(directory.resolve(script), resource(script));
            }
            if (grid) {
                searchGrid(environment, directory);
            } else {
                compare(environment, directory);
            }
        } finally {
            BenchmarkTools.delete(directory);
        }
        return 0;
    }

    private void compare(PythonEnvironment environment, Path directory) throws IOException, InterruptedException {
        Map<Contestant, List<Outcome>> outcomes = new EnumMap<>(Contestant.class);
        for (int round = 0; round < repetitions; round++) {
            System.out.printf("%nround %d%n", round + 1);
            for (Contestant contestant : Contestant.values()) {
                Outcome outcome = run(contestant, contestant.rate, seed + round, environment, directory);
                outcomes.computeIfAbsent(contestant, key -> new ArrayList<>()).add(outcome);
                print(contestant.title, outcome);
            }
        }
        System.out.printf("%nversions     %s%n", versions(outcomes));
        System.out.printf("%nMedians, and in parentheses each round:%n%n");
        System.out.println("| | wall, s | training, s | .50 after, s | .60 after, s | accuracy |");
        System.out.println("|---|---|---|---|---|---|");
        outcomes.forEach((contestant, all) -> System.out.printf(
                "| %s, lr %s | %s | %s | %s | %s | %s |%n",
                contestant.title,
                rate(contestant.rate),
                cell(all, "%.1f", Outcome::wallSeconds),
                cell(all, "%.1f", Outcome::trainingSeconds),
                cell(all, "%.1f", outcome -> outcome.secondsTo(0.5)),
                cell(all, "%.1f", outcome -> outcome.secondsTo(0.6)),
                cell(all, "%.3f", Outcome::accuracy)));
        System.out.printf(
                "%nWall seconds are of whole processes. Training and times to an accuracy count from the first sampling;"
                        + " the peers' clocks stop during evaluations. Accuracy is held out and sampled, the mean of"
                        + " the last %d evaluations.%n%n",
                LAST_EVALUATIONS);
        for (Contestant ours : List.of(Contestant.SPPO_STREAM_0, Contestant.SPPO_STREAM_1)) {
            System.out.printf(
                    "ratio        %s over PyTorch: wall %s, training %s, time to .50 %s, to .60 %s%n",
                    ours.title,
                    ratio(outcomes, ours, Outcome::wallSeconds),
                    ratio(outcomes, ours, Outcome::trainingSeconds),
                    ratio(outcomes, ours, outcome -> outcome.secondsTo(0.5)),
                    ratio(outcomes, ours, outcome -> outcome.secondsTo(0.6)));
        }
    }

    private void searchGrid(PythonEnvironment environment, Path directory) throws IOException, InterruptedException {
        Map<Contestant, SortedMap<Double, Double>> accuracies = new EnumMap<>(Contestant.class);
        for (Contestant contestant : Contestant.values()) {
            for (double rate : GRID) {
                Outcome outcome = run(contestant, rate, seed, environment, directory);
                accuracies.computeIfAbsent(contestant, key -> new TreeMap<>()).put(rate, outcome.accuracy());
                print(contestant.title + ", lr " + rate(rate), outcome);
            }
        }
        System.out.printf(
                "%n| accuracy at lr | %s |%n|---|%s%n",
                GRID.stream().map(Peers::rate).collect(Collectors.joining(" | ")), "---|".repeat(GRID.size()));
        accuracies.forEach((contestant, byRate) -> System.out.printf(
                "| %s | %s |%n",
                contestant.title,
                byRate.values().stream()
                        .map(accuracy -> String.format(Locale.ROOT, "%.3f", accuracy))
                        .collect(Collectors.joining(" | "))));
    }

    private Outcome run(Contestant contestant, double rate, long runSeed, PythonEnvironment environment, Path directory)
            throws IOException, InterruptedException {
        int batch = Configuration.load(null, Map.of(), Map.of("run", "peers"))
                .settings()
                .batchSize();
        int steps = Math.max(1, rollouts / batch);
        if (contestant.isPeer()) {
            Map<String, String> flags = Map.of(
                    "run",
                    "peers",
                    "steps",
                    Integer.toString(steps),
                    "seed",
                    Long.toString(runSeed),
                    "data.dir",
                    directory.toString(),
                    RATE,
                    Double.toString(rate));
            return runPeer(contestant, Configuration.load(null, Map.of(), flags), environment, directory);
        }
        List<String> options = new ArrayList<>();
        options.add("--lag=" + (contestant == Contestant.SPPO_STREAM_0 ? 0 : 1));
        options.add("--seed=" + runSeed);
        options.add("--set=" + RATE + "=" + rate);
        MeasuredRun run = MeasuredRun.onKafka(steps, options);
        return new Outcome(run.wallSeconds(), run.result());
    }

    private static Outcome runPeer(
            Contestant peer, Configuration configuration, PythonEnvironment environment, Path directory)
            throws IOException, InterruptedException {
        RunSettings settings = configuration.settings();
        Path model = Models.policy(settings).directory();
        writeProblems(settings, directory);
        Path errors = directory.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(
                        environment.python().toString(),
                        directory.resolve(peer.script).toString(),
                        "--model=" + model,
                        "--problems=" + directory,
                        "--settings=" + JSON.writeValueAsString(configuration.effective()))
                .redirectError(errors.toFile());
        builder.environment().put("HF_HUB_OFFLINE", "1");
        try {
            ChildProcess process = ChildProcess.run(builder, directory);
            List<String> lines = Files.readAllLines(process.output());
            return new Outcome(process.wallSeconds(), JSON.readTree(lines.get(lines.size() - 1)));
        } catch (IllegalStateException e) {
            throw new IllegalStateException(Files.readString(errors), e);
        }
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

    private static void print(String name, Outcome outcome) {
        System.out.printf(
                Locale.ROOT,
                "%-34s %.1f s, %.1f s of them training; .50 after %s s, .60 after %s s; accuracy %.3f%n",
                name,
                outcome.wallSeconds(),
                outcome.trainingSeconds(),
                number("%.1f", outcome.secondsTo(0.5)),
                number("%.1f", outcome.secondsTo(0.6)),
                outcome.accuracy());
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

    /** The median ratio of a round of ours to the same round of PyTorch. */
    private static String ratio(
            Map<Contestant, List<Outcome>> outcomes, Contestant ours, ToDoubleFunction<Outcome> value) {
        List<Outcome> mine = Objects.requireNonNull(outcomes.get(ours));
        List<Outcome> theirs = Objects.requireNonNull(outcomes.get(Contestant.PYTORCH));
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < mine.size(); i++) {
            ratios.add(value.applyAsDouble(mine.get(i)) / value.applyAsDouble(theirs.get(i)));
        }
        return number("%.2f", BenchmarkTools.median(ratios));
    }

    /** A number; a dash for an accuracy that was never reached. */
    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, "%.0e", rate).replace("e-0", "e-");
    }

    static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Peers.class.getResourceAsStream("/peers/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
