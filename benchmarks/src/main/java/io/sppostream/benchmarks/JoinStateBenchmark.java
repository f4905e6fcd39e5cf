package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.embedded.RunningCluster;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.StreamsApp;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Fills the join with rollouts that nobody judges, or that settle at once and are remembered. The join runs in a process
 * of its own, on an embedded broker. Measures its throughput and memory, and how long it takes to start again: after a
 * kill, which makes Kafka Streams restore the stores from their changelogs, and after a clean stop.
 */
@Command(
        name = "join-state",
        description = "Fill the join with open or remembered requests; measure its memory and its restart.",
        mixinStandardHelpOptions = true)
final class JoinStateBenchmark implements Callable<Integer> {
    private static final Topics TOPICS = new Topics("join-state", 2);
    private static final Duration TIMEOUT = Duration.ofHours(1);

    /** Tokens of each response. */
    private static final int TOKENS = 16;

    @Option(names = "--requests", defaultValue = "1000000", description = "Requests (default: ${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--heap", defaultValue = "1g", description = "-Xmx of the join (default: ${DEFAULT-VALUE}).")
    private String heap = "";

    @Option(names = "--remembered", description = "Settle the requests, so that they are remembered.")
    private boolean remembered;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "join-state --requests %d --heap %s%s", requests, heap, remembered ? " --remembered" : "");
        Path directory = Files.createTempDirectory("sppo-join-state");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            fill(cluster);
            join(cluster, directory, "filled", true);
            join(cluster, directory, "after a kill", false);
            join(cluster, directory, "after a clean stop", false);
        }
        BenchmarkTools.delete(directory);
        return 0;
    }

    private void fill(EmbeddedCluster cluster) {
        KafkaSettings kafka = cluster.kafka();
        long start = System.nanoTime();
        try (EventSerdes serdes = new EventSerdes(kafka);
                TopicAdmin admin = new TopicAdmin(kafka);
                EventWriter writer = new EventWriter(kafka, serdes)) {
            admin.create(TOPICS, (short) 1);
            serdes.register(TOPICS);
            SyntheticRollouts rollouts = new SyntheticRollouts(TOKENS);
            for (int i = 0; i < requests; i++) {
                String request = SyntheticRollouts.requestId(i);
                writer.send(TOPICS.rollouts(), request, rollouts.rollout(request));
                if (remembered) {
                    writer.send(TOPICS.verdicts(), request, failure(request));
                }
            }
            writer.flush();
        }
        System.out.printf(Locale.ROOT, "written      %.1f s%n", (System.nanoTime() - start) / 1e9);
    }

    private static Verdict failure(String request) {
        return Verdict.newBuilder()
                .setRolloutId(RolloutIds.of(request, 0))
                .setRequestId(request)
                .setVerifier("exact")
                .setVerifierVersion("1")
                .setStatus(VerdictStatus.TIMEOUT)
                .setReward(null)
                .setRule("timeout")
                .setJudgedAt(Instant.now())
                .build();
    }

    private void join(EmbeddedCluster cluster, Path directory, String when, boolean kill)
            throws IOException, InterruptedException {
        List<String> command = BenchmarkTools.javaCommand();
        command.addAll(List.of(
                "-Xmx" + heap,
                "-Dbench.data=" + cluster.clientProperties().getParent(),
                "-Dbench.state=" + directory.resolve("state"),
                "-Dbench.when=" + when,
                "-Dbench.kill=" + kill,
                Main.class.getName(),
                "join-state-role"));
        int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IllegalStateException("the join ended with exit code " + exit);
        }
    }

    /** The join alone: reads everything, prints what it took, and ends. */
    @Command(name = "join-state-role", hidden = true, description = "The join of join-state.")
    static final class JoinRole implements Callable<Integer> {
        private static final List<Topic<?>> INPUTS = List.of(TOPICS.rollouts(), TOPICS.verdicts());

        @Override
        public Integer call() throws InterruptedException {
            KafkaSettings kafka =
                    RunningCluster.of(Path.of(property("data"))).orElseThrow().kafka();
            long start = System.nanoTime();
            try (EventSerdes serdes = new EventSerdes(kafka);
                    TopicAdmin admin = new TopicAdmin(kafka);
                    StreamsApp app = SyntheticRoles.join(
                            new RunLog(kafka, serdes, TOPICS), Path.of(property("state")), TIMEOUT)) {
                app.awaitRunning(TIMEOUT);
                double running = (System.nanoTime() - start) / 1e9;
                long records = awaitEnd(admin);
                double read = (System.nanoTime() - start) / 1e9 - running;
                System.gc();
                System.out.printf(
                        Locale.ROOT,
                        "%-20s running after %.1f s; read %d records in %.1f s; heap %d MB live, resident at most %s%n",
                        property("when"),
                        running,
                        records,
                        read,
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20,
                        BenchmarkTools.peakResident(ProcessHandle.current()).orElse("unknown"));
                if (Boolean.parseBoolean(property("kill"))) {
                    System.out.flush();
                    Runtime.getRuntime().halt(0);
                }
            }
            return 0;
        }

        /** Waits until the join has committed all of its input; returns the number of records. */
        private static long awaitEnd(TopicAdmin admin) throws InterruptedException {
            Map<TopicPartition, Long> ends = admin.ends(IsolationLevel.READ_COMMITTED, INPUTS);
            while (true) {
                Map<TopicPartition, Long> committed = admin.committed(TOPICS.application(RoleName.ADVANTAGE_STREAM));
                if (ends.entrySet().stream()
                        .allMatch(end -> end.getValue() <= committed.getOrDefault(end.getKey(), 0L))) {
                    return ends.values().stream().mapToLong(Long::longValue).sum();
                }
                Thread.sleep(100);
            }
        }

        private static String property(String name) {
            return System.getProperty("bench." + name, "");
        }
    }
}
