package io.sppostream.cli;

import io.sppostream.evaluation.AnswerJudge;
import io.sppostream.evaluation.Benchmark;
import io.sppostream.evaluation.BenchmarkEvaluation;
import io.sppostream.evaluation.BenchmarkFormat;
import io.sppostream.evaluation.BenchmarkScore;
import io.sppostream.evaluation.Benchmarks;
import io.sppostream.evaluation.CheckpointDigest;
import io.sppostream.evaluation.EvaluationFolder;
import io.sppostream.evaluation.EvaluationProgress;
import io.sppostream.evaluation.EvaluationScores;
import io.sppostream.evaluation.EvaluationSettings;
import io.sppostream.evaluation.GenerationServer;
import io.sppostream.evaluation.ModelResponses;
import io.sppostream.evaluation.ResponseSource;
import io.sppostream.evaluation.ResultsJson;
import io.sppostream.evaluation.SampleFile;
import io.sppostream.evaluation.ScoreTable;
import io.sppostream.evaluation.ServerResponses;
import io.sppostream.history.export.CheckpointExport;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.rollout.RolloutProducerSettings;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.config.ShellWords;
import io.sppostream.run.models.Models;
import io.sppostream.run.report.TerminalText;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.Verifiers.Assignment;
import io.sppostream.verify.math.GradingProfile;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./sppo eval}: accuracy on benchmarks. */
@Command(
        name = "eval",
        description = "Evaluate a model on benchmarks: avg@k, pass@k and maj@k with standard errors. The same command"
                + " resumes an evaluation that was interrupted.",
        footer = {"", "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a score is below its --min, 130 interrupted."})
final class EvalCommand implements Callable<Integer> {
    private static final int BELOW_MINIMUM = 3;
    private static final String NAME = "eval";

    @Option(names = "--model", paramLabel = "DIR", description = "Evaluate a checkpoint in Hugging Face layout.")
    private @Nullable Path model;

    @Option(names = "--run", paramLabel = "NAME", description = "Evaluate a policy version of a run.")
    private @Nullable String run;

    @Option(names = "--version", paramLabel = "N", description = "The version of the run; by default the last.")
    private @Nullable Integer version;

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "Evaluate the model of a server with OpenAI's chat completions, such as vLLM or SGLang."
                    + " The environment variable OPENAI_API_KEY is its key, if it needs one.")
    private @Nullable String server;

    @Option(
            names = "--served-model-name",
            paramLabel = "NAME",
            description = "The server's name of the model; it is asked for if it has only one.")
    private @Nullable String servedModel;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "64",
            description = "Requests to the server at a time (default: ${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "3600",
            description = "Longest wait for one response of the server (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds;

    @Option(
            names = "--benchmarks",
            paramLabel = "NAME|FILE",
            required = true,
            split = ",",
            description = "aime24, aime25, amc23, math500, minerva, gsm8k, a built-in dataset, or a file in Parquet,"
                    + " JSON Lines or JSON; several are separated by commas.")
    private List<String> benchmarks = List.of();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "data/benchmarks",
            description = "Folder of the files of named benchmarks (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("");

    @Option(
            names = {"-k", "--samples"},
            paramLabel = "N",
            defaultValue = "16",
            description = "Samples of each problem (default: ${DEFAULT-VALUE}).")
    private int samples;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N problems of each benchmark.")
    private @Nullable Integer limit;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.6",
            description = "Sampling temperature; 0 is greedy (default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1",
            description = "Mass of the most probable tokens to sample from (default: ${DEFAULT-VALUE}).")
    private double topP;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Longest response in tokens (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the evaluation (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--system", paramLabel = "TEXT", description = "System message of each prompt of a file.")
    private String system = "";

    @Option(
            names = "--suffix",
            paramLabel = "TEXT",
            description =
                    "Text after each prompt of a file. Named benchmarks have 'Please output the final answer within"
                            + " \\boxed{}.'; an empty text leaves it out.")
    private @Nullable String suffix;

    @Option(names = "--prompt-field", paramLabel = "FIELD", description = "Field of the prompt in the files.")
    private @Nullable String promptField;

    @Option(names = "--answer-field", paramLabel = "FIELD", description = "Field of the answer in the files.")
    private @Nullable String answerField;

    @Option(
            names = "--verifier",
            paramLabel = "NAME",
            description = "Verifier of all benchmarks; by default that of the dataset: math for files.")
    private @Nullable String verifier;

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            converter = GradeCommand.Profiles.class,
            description = "Grading profile of all benchmarks: --profile gsm8k is --verifier math:gsm8k.")
    private @Nullable GradingProfile profile;

    @Option(names = "--device", paramLabel = "DEVICE", description = "Device of the model: cpu, gpu or gpu:INDEX.")
    private @Nullable String device;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of samples and results; by default evaluations/MODEL.")
    private @Nullable Path out;

    @Option(names = "--overwrite", description = "Sample again what the folder has of other settings or another model.")
    private boolean overwrite;

    @Option(
            names = "--min",
            paramLabel = "BENCHMARK:METRIC=VALUE",
            description = "Exit with code 3 if a score is lower, such as math500:avg@16=0.8 or mean:pass@4=0.5;"
                    + " repeatable.")
    private Map<String, Double> minima = new TreeMap<>();

    @Option(names = "--quiet", description = "Print no progress, only the table.")
    private boolean quiet;

    @Option(names = "--set", paramLabel = "SETTING=VALUE", description = "Any setting of a run; repeatable.")
    private Map<String, String> others = new HashMap<>();

    @SuppressWarnings("UnusedVariable") // The standard options are not mixed in, since --version is another here.
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    private boolean help;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Spec
    private CommandSpec command = CommandSpec.create();

    private final Clock clock = Clock.systemUTC();

    /** A benchmark with its verifier and all that its samples depend on. */
    private record Task(Benchmark benchmark, AnswerJudge judge, SortedMap<String, String> settings) {}

    @Override
    public Integer call() throws Exception {
        requireOneSource();
        EvaluationSettings settings = settings();
        List<Benchmark> opened = open();
        EvaluationScores.requireKnown(
                minima, opened.stream().map(Benchmark::name).toList(), samples);
        List<AnswerJudge> judges = new ArrayList<>();
        int[] code = {0};
        try {
            for (Benchmark benchmark : opened) {
                judges.add(new AnswerJudge(verifier(benchmark)));
            }
            int stopped = StopRequest.obeying(
                    stop -> code[0] = evaluate(opened, judges, settings, stop),
                    resumeCommand(),
                    "stopping: complete samples are kept ...");
            return stopped == 0 ? code[0] : stopped;
        } finally {
            judges.forEach(AnswerJudge::close);
        }
    }

    private void requireOneSource() {
        long sources =
                Stream.of(model, run, server).filter(source -> source != null).count();
        if (sources != 1) {
            throw new UserException("give one of --model, --run and --server, which say what to evaluate");
        }
        if (version != null && run == null) {
            throw new UserException("--version is a version of a run: give --run, too");
        }
        if (servedModel != null && server == null) {
            throw new UserException("--served-model-name is for a server: give --server, too");
        }
        if (profile != null && verifier != null) {
            throw new UserException("give --profile or --verifier, not both");
        }
        if (limit != null && limit < 1) {
            throw new UserException("--limit must be at least 1");
        }
        if (concurrency < 1 || timeoutSeconds < 1) {
            throw new UserException("--concurrency and --timeout must be at least 1");
        }
    }

    private EvaluationSettings settings() {
        try {
            return new EvaluationSettings(samples, seed, new SamplingParameters(temperature, topP, 0, maxTokens));
        } catch (IllegalArgumentException e) {
            throw new UserException(String.valueOf(e.getMessage()));
        }
    }

    private List<Benchmark> open() {
        boolean skipsBadRows = load(Map.of())
                .settings()
                .getString(SettingsDefinition.DATASET_BAD_ROWS)
                .equals("skip");
        BenchmarkFormat format = new BenchmarkFormat(promptField, answerField, system, suffix, skipsBadRows);
        List<Benchmark> opened = new ArrayList<>();
        for (String name : benchmarks) {
            Benchmark benchmark = Benchmarks.open(name.strip(), data, format);
            if (opened.stream().anyMatch(other -> other.name().equals(benchmark.name()))) {
                throw new UserException("--benchmarks: two would be called '" + benchmark.name() + "'");
            }
            benchmark.notes().forEach(note -> System.err.println("sppo: " + note));
            opened.add(benchmark);
        }
        return opened;
    }

    /** Settings for a command that has no run of its own. */
    private Configuration load(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(others);
        all.putAll(settings);
        if (device != null) {
            all.put(SettingsDefinition.DEVICE, device);
        }
        return cluster.load(run == null ? NAME : run, all);
    }

    private ConfiguredVerifier verifier(Benchmark benchmark) {
        Map<String, String> ofDataset = new HashMap<>();
        ofDataset.put(
                SettingsDefinition.DATASET,
                benchmark.source().equals(Benchmark.BUILT_IN) ? benchmark.name() : benchmark.name() + ".jsonl");
        RunSettings settings = load(ofDataset).settings();
        String named = profile == null ? verifier : "math:" + profile.id();
        if (named != null) {
            return RewardFactory.named(settings, List.of(named.equals("math:math") ? "math" : named))
                    .get(0);
        }
        List<ConfiguredVerifier> rewarding = RewardFactory.verifiers(settings).of(benchmark.name()).stream()
                .filter(assignment -> !assignment.shadow())
                .map(Assignment::verifier)
                .toList();
        if (rewarding.size() != 1) {
            throw new UserException("benchmark " + benchmark.name() + " has the verifiers "
                    + rewarding.stream().map(ConfiguredVerifier::name).collect(Collectors.joining(", "))
                    + ": choose one with --verifier");
        }
        return rewarding.get(0);
    }

    private int evaluate(
            List<Benchmark> opened, List<AnswerJudge> judges, EvaluationSettings settings, BooleanSupplier stop)
            throws InterruptedException {
        Instant start = clock.instant();
        try (ResponseSource source = source(settings.sampling());
                EvaluationFolder folder = EvaluationFolder.open(out(source))) {
            List<BenchmarkScore> scores = new ArrayList<>();
            Map<String, SortedMap<String, String>> tasks = new HashMap<>();
            for (int i = 0; i < opened.size(); i++) {
                Task task = new Task(opened.get(i), judges.get(i), taskSettings(opened.get(i), judges.get(i), source));
                tasks.put(task.benchmark().name(), task.settings());
                scores.add(evaluate(task, settings, source, folder, stop));
            }
            EvaluationScores all = new EvaluationScores(samples, scores);
            Path file = folder.writeResults(
                    source.name(),
                    ResultsJson.fileTime(clock.instant()),
                    ResultsJson.of(
                            source.name(), source.identity(), settings, limit, all, tasks, start, clock.instant()));
            return report(all, source, file);
        } catch (CancellationException e) {
            return 0; // What the stop request returns is the exit code.
        }
    }

    private BenchmarkScore evaluate(
            Task task,
            EvaluationSettings settings,
            ResponseSource source,
            EvaluationFolder folder,
            BooleanSupplier stop)
            throws InterruptedException {
        Benchmark asked = limit == null ? task.benchmark() : task.benchmark().limit(limit);
        EvaluationProgress progress = new EvaluationProgress(
                quiet ? new PrintStream(OutputStream.nullOutputStream()) : System.err, System::nanoTime);
        try (SampleFile file = folder.samples(asked.name(), task.settings(), overwrite)) {
            return new BenchmarkEvaluation(asked, settings, task.judge()).run(source, file, progress, stop);
        }
    }

    /** All that a sample and its verdict depend on besides the problem and the sample's index. */
    private SortedMap<String, String> taskSettings(Benchmark benchmark, AnswerJudge judge, ResponseSource source) {
        SortedMap<String, String> settings = new TreeMap<>(source.identity());
        settings.put("seed", String.valueOf(seed));
        settings.put("temperature", String.valueOf(temperature));
        settings.put("top_p", String.valueOf(topP));
        settings.put("max_tokens", String.valueOf(maxTokens));
        settings.put("system", system);
        settings.put("suffix", suffix == null ? "of the benchmark" : suffix);
        settings.put("problems_sha256", benchmark.digest());
        settings.put("verifier", judge.name());
        settings.put("verifier_version", judge.version());
        return settings;
    }

    private Path out(ResponseSource source) {
        return out == null ? Path.of("evaluations").resolve(source.name().replaceAll("[^\\w.-]", "_")) : out;
    }

    private ResponseSource source(SamplingParameters sampling) throws InterruptedException {
        if (server != null) {
            String key = System.getenv("OPENAI_API_KEY");
            return new ServerResponses(
                    GenerationServer.of(
                            server,
                            servedModel,
                            key == null || key.isEmpty() ? null : key,
                            concurrency,
                            Duration.ofSeconds(timeoutSeconds)),
                    sampling);
        }
        Configuration configuration = load(Map.of());
        RunSettings settings = configuration.settings();
        RolloutProducerSettings rollout = settings.rollout();
        ModelSettings placement = settings.rolloutPlacement();
        Models.requireDevice(placement);
        SortedMap<String, String> identity = new TreeMap<>();
        if (model != null) {
            Checkpoint checkpoint = Checkpoint.open(model);
            identity.put("sha256", CheckpointDigest.of(model));
            identity.put("placement", placement.withAdapter(null).describe(checkpoint.config()));
            return new ModelResponses(
                    String.valueOf(model.toAbsolutePath().normalize().getFileName()),
                    identity,
                    PolicyModel.forSampling(checkpoint, placement.withAdapter(null)),
                    checkpoint.tokenizer(),
                    sampling,
                    rollout.threads(),
                    rollout.cacheBytes());
        }
        try (RecordedRun recorded = RecordedRun.open(configuration)) {
            CheckpointExport.LoadedPolicy policy =
                    new CheckpointExport(recorded).load(version, ofRun -> placement.withAdapter(ofRun.adapter()));
            identity.put("sha256", policy.manifest().getSha256());
            identity.put("placement", placement.describe(policy.model().config()));
            return new ModelResponses(
                    run + "-" + policy.manifest().getVersion(),
                    identity,
                    policy.model(),
                    policy.tokenizer(),
                    sampling,
                    rollout.threads(),
                    rollout.cacheBytes());
        }
    }

    private int report(EvaluationScores scores, ResponseSource source, Path file) {
        System.out.print(ScoreTable.of(TerminalText.printable(source.name()), scores));
        scores.benchmarks().stream()
                .filter(score -> score.notJudged() > 0)
                .forEach(score -> System.out.println(score.benchmark() + ": " + score.notJudged()
                        + " problems are left out, since the verifier cannot read their reference answers"));
        System.out.println("results: " + file);
        List<String> below = scores.below(minima);
        below.forEach(line -> System.err.println("sppo: " + line));
        return below.isEmpty() ? 0 : BELOW_MINIMUM;
    }

    private String resumeCommand() {
        return "./sppo "
                + command.root().commandLine().getParseResult().originalArgs().stream()
                        .map(ShellWords::quoted)
                        .collect(Collectors.joining(" "));
    }
}
