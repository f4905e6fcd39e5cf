package io.sppostream.benchmarks;

import io.sppostream.events.Prompt;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.Feed;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Starts the roles of a run one after another, each when the role before it has done all of its work, so that each finds
 * a backlog of many batches. Prints how full the heap of each was. A role that holds its backlog in memory would show.
 */
@Command(
        name = "backlog",
        description = "Start each role on a backlog of many batches; measure its heap.",
        mixinStandardHelpOptions = true)
final class BacklogBenchmark implements Callable<Integer> {
    /** The most that can be set. */
    private static final int LAG = 32;

    /** Steps after which the learners have filled all their buffers. */
    private static final int LEARNED_STEPS = 5;

    @Option(names = "--batches", defaultValue = "100", description = "Of the backlog (default: ${DEFAULT-VALUE}).")
    private int batches;

    @Option(names = "--heap", defaultValue = "128m", description = "-Xmx of each role (default: ${DEFAULT-VALUE}).")
    private String heap = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader("backlog --batches %d --heap %s", batches, heap);
        Path directory = Files.createTempDirectory("sppo-backlog");
        Configuration configuration = Configuration.load(
                null,
                Map.of(),
                Map.of(
                        "run", "backlog",
                        "steps", Integer.toString(batches),
                        "lag", Integer.toString(LAG),
                        "data.dir", directory.resolve("roles").toString()));
        Topics topics = configuration.settings().topics();
        int rollouts = batches * configuration.settings().batchSize();
        try (RoleProcesses run = new RoleProcesses(configuration, directory)) {
            publishStartWeights(run, topics);
            writePrompts(run.log(), configuration.settings(), rollouts);
            runUntil(run, Role.ROLLOUT, topics.rollouts(), rollouts, directory);
            runUntil(run, Role.VERIFY, topics.verdicts(), rollouts, directory);
            runUntil(run, Role.CRITIC, topics.values(), rollouts, directory);
            runUntil(run, Role.ADVANTAGE, topics.advantages(), rollouts, directory);
            runUntil(run, Role.LEARN, topics.trainingSteps(), LEARNED_STEPS, directory);
            runUntil(run, Role.CRITIC, topics.trainingSteps(), 2 * LEARNED_STEPS, directory);
        }
        BenchmarkTools.delete(directory);
        return 0;
    }

    /** The rollout producer needs a policy version, and the critic's first version is its own affair. */
    private static void publishStartWeights(RoleProcesses run, Topics topics) throws IOException, InterruptedException {
        run.start(Role.LEARN, List.of());
        run.awaitRecords(topics.versions(ModelKind.POLICY), 1);
        run.kill(Role.LEARN);
    }

    /** The prompts that a feed without pacing would release. */
    private static void writePrompts(RunLog log, RunSettings settings, int count) {
        Dataset dataset = Datasets.open(settings);
        EpochOrder problems = new EpochOrder(dataset, settings.seed());
        try (EventWriter writer = log.writer()) {
            for (int i = 0; i < count; i++) {
                Prompt prompt = problems.at(i).toPrompt(Feed.requestId(i), dataset.name(), 0, Instant.now());
                writer.send(log.topics().prompts(), prompt.getRequestId(), prompt);
            }
            writer.flush();
        }
    }

    private void runUntil(
            RoleProcesses run, Role role, Topic<? extends SpecificRecord> output, int records, Path directory)
            throws IOException, InterruptedException {
        Path collections = directory.resolve("gc.log");
        long start = System.nanoTime();
        run.start(role, List.of("-Xmx" + heap, "-Xlog:gc:file=" + collections));
        run.awaitRecords(output, records);
        double seconds = (System.nanoTime() - start) / 1e9;
        String resident = run.peakResident(role);
        run.kill(role);
        HeapPeaks peaks = HeapPeaks.of(collections);
        System.out.printf(
                Locale.ROOT,
                "%-10s %,7d records on %s after %.1f s; heap at most %d MB, %d MB of them in use; resident %s%n",
                role.command(),
                records,
                output.name(),
                seconds,
                peaks.full(),
                peaks.live(),
                resident);
    }
}
