package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.run.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times a run whose roles are processes of their own against the same run in one process. Both have an embedded broker in
 * a further process, and both rates are read from the ledger in the same way: rollouts trained on by the policy, from the
 * end of a step after the start to the end of the last.
 */
@Command(
        name = "roles-apart",
        description = "Time a run with a process for each role against the same run in one process.",
        mixinStandardHelpOptions = true)
final class RolesApart implements Callable<Integer> {
    /** Steps at the start that are not measured, while processes start and compile. */
    private static final int STARTING = 20;

    @Option(names = "--steps", defaultValue = "240", description = "Training steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--lag", defaultValue = "1", description = "K (default: ${DEFAULT-VALUE}).")
    private int lag;

    @Option(
            names = "--repetitions",
            defaultValue = "3",
            description = "Rounds; each times both runs (default: ${DEFAULT-VALUE}).")
    private int repetitions;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (steps <= STARTING) {
            throw new IllegalArgumentException("--steps must be above " + STARTING);
        }
        BenchmarkTools.printHeader("roles-apart --steps %d --lag %d --repetitions %d", steps, lag, repetitions);
        List<Double> apart = new ArrayList<>();
        List<Double> together = new ArrayList<>();
        for (int i = 1; i <= repetitions; i++) {
            together.add(inOneProcess());
            apart.add(inProcesses());
            System.out.printf(
                    Locale.ROOT,
                    "round %d      %.0f rollouts/s in one process, %.0f with a process for each role%n",
                    i,
                    together.get(i - 1),
                    apart.get(i - 1));
        }
        System.out.printf(
                Locale.ROOT,
                "ratio        %.2f: %.0f over %.0f rollouts/s, medians of %d%n",
                BenchmarkTools.median(apart) / BenchmarkTools.median(together),
                BenchmarkTools.median(apart),
                BenchmarkTools.median(together),
                repetitions);
        return 0;
    }

    private Configuration configuration(Path directory) {
        Map<String, String> flags = new HashMap<>(Map.of("run", "apart", "lag", Integer.toString(lag)));
        flags.put("steps", Integer.toString(steps));
        flags.put("data.dir", directory.resolve("roles").toString());
        // The roles alone do not evaluate.
        flags.put("eval.interval", Integer.toString(steps));
        flags.put("eval.prompts", "1");
        return Configuration.load(null, Map.of(), flags);
    }

    private double inProcesses() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-apart");
        try (RoleProcesses run = new RoleProcesses(configuration(directory), directory)) {
            run.awaitStep(steps);
            return rate(run.log());
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    private double inOneProcess() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("sppo-together");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("broker")));
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            Configuration configuration = configuration(directory);
            List<String> command = BenchmarkTools.javaCommand();
            command.addAll(List.of(io.sppostream.cli.Main.class.getName(), "train"));
            configuration.effective().forEach((name, value) -> command.add("--set=" + name + "=" + value));
            command.add("--set=bootstrap.servers=");
            command.add("--set=client.properties=" + cluster.clientProperties());
            command.add("--runs-dir=" + directory.resolve("runs"));
            Path output = directory.resolve("train.out");
            int code = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("train ended with " + code + ": " + Files.readString(output));
            }
            return rate(
                    new RunLog(cluster.kafka(), serdes, configuration.settings().topics()));
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    /** Rollouts a second that the policy was trained on. */
    private double rate(RunLog log) {
        try (EventReader reader = log.reader(List.of(log.topics().trainingSteps()))) {
            List<TrainingStep> policy = reader.pollToEnd().stream()
                    .map(record -> (TrainingStep) record.event())
                    .filter(step -> ModelKind.of(step.getLine()) == ModelKind.POLICY)
                    .toList();
            TrainingStep first = policy.get(STARTING - 1);
            TrainingStep last = policy.get(policy.size() - 1);
            return (last.getSamplesTrained() - first.getSamplesTrained())
                    / (Duration.between(first.getEndedAt(), last.getEndedAt()).toNanos() / 1e9);
        }
    }
}
