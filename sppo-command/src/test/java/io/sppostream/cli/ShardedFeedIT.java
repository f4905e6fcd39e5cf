package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Prompt;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.Feed;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes feed a mixture; each is killed and started again. No prompt is lost, and none is released twice. */
class ShardedFeedIT {
    private static final String RUN = "sharded";
    private static final int PARTITIONS = 2;
    private static final int BATCH = 16;
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @TempDir
    private Path directory = Path.of("");

    private final List<RoleProcess> processes = new ArrayList<>();

    @AfterEach
    void killAll() {
        processes.forEach(RoleProcess::kill);
    }

    @Test
    void shouldReleaseEachPromptOnceWhicheverProcessIsKilled() throws Exception {
        writeDataset("sums", "+");
        writeDataset("products", "*");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            List<String> create = new ArrayList<>(List.of("topics", "--create"));
            create.addAll(options(cluster, ""));
            assertThat(Main.run(create.toArray(String[]::new))).isZero();
            KafkaSettings kafka = cluster.kafka();
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                RunLog log = new RunLog(kafka, serdes, new Topics(RUN, PARTITIONS));
                try (EventWriter writer = log.writer()) {
                    feed(cluster, log, writer);
                }
            }
        }
    }

    private void feed(EmbeddedCluster cluster, RunLog log, EventWriter writer) throws IOException {
        RoleProcess all = start(cluster, "");
        awaitSteps(1, log);
        RoleProcess products = start(cluster, "products");
        await().atMost(TIMEOUT).until(products::isReady);
        train(1, log, writer);
        awaitSteps(2, log);

        products.kill();
        train(2, log, writer);
        await().atMost(TIMEOUT).until(() -> released(log, 3, "sums") > 0);
        assertThat(released(log, 3, "products")).as("of a killed process").isZero();
        RoleProcess again = start(cluster, "products");
        awaitSteps(3, log);

        all.kill();
        train(3, log, writer);
        await().atMost(TIMEOUT).until(() -> released(log, 4, "products") > 0);
        assertThat(released(log, 4, "sums")).as("of a killed process").isZero();
        // A feed of all datasets takes over from the other, which ends.
        start(cluster, "");
        awaitSteps(4, log);
        train(4, log, writer);
        awaitSteps(5, log);
        await().atMost(TIMEOUT).until(() -> !again.process().isAlive());
        assertThat(again.printed()).contains("another sharded.feed-products has been started and has taken over");
    }

    private void writeDataset(String name, String operator) throws IOException {
        Files.write(
                directory.resolve(name + ".jsonl"),
                IntStream.range(0, 50)
                        .mapToObj(i -> "{\"prompt\": \"" + i + operator + i + "\", \"answer\": \"" + i + "\"}")
                        .toList());
    }

    private RoleProcess start(EmbeddedCluster cluster, String shard) throws IOException {
        RoleProcess process = RoleProcess.start(
                Role.FEED, directory.resolve("feed-" + processes.size() + ".out"), options(cluster, shard));
        processes.add(process);
        return process;
    }

    private List<String> options(EmbeddedCluster cluster, String shard) {
        return List.of(
                "--run=" + RUN,
                "--client-properties=" + cluster.clientProperties(),
                "--data-dir=" + directory.resolve("data-" + shard),
                "--dataset=" + directory.resolve("sums.jsonl") + "," + directory.resolve("products.jsonl"),
                "--set=partitions=" + PARTITIONS,
                "--lag=0",
                "--batch-size=" + BATCH,
                "--set=feed.shards=products",
                "--set=feed.shard=" + shard);
    }

    /** Both models have trained on the prompts of a step. */
    private static void train(int step, RunLog log, EventWriter writer) {
        for (ModelKind kind : ModelKind.values()) {
            TrainingStep made = new TrainingStep(
                    kind.id(),
                    step,
                    step - 1,
                    step,
                    "",
                    "",
                    List.of(),
                    (long) step * BATCH,
                    List.of(),
                    "",
                    Map.of(),
                    Instant.EPOCH,
                    Instant.EPOCH,
                    Recovery.NONE,
                    (long) step * BATCH,
                    List.of());
            writer.send(log.topics().trainingSteps(), kind.id(), made);
        }
        writer.flush();
    }

    /** Waits for the prompts of all steps up to one, and checks that each was released once. */
    private static void awaitSteps(int step, RunLog log) {
        await().atMost(TIMEOUT).until(() -> prompts(log).size() >= step * BATCH);
        assertThat(prompts(log))
                .extracting(Prompt::getRequestId)
                .containsExactlyInAnyOrderElementsOf(LongStream.range(0, (long) step * BATCH)
                        .mapToObj(Feed::requestId)
                        .toList());
    }

    private static long released(RunLog log, int step, String dataset) {
        return prompts(log).stream()
                .filter(prompt -> prompt.getMinPolicyVersion() == step - 1
                        && prompt.getDataset().equals(dataset))
                .count();
    }

    private static List<Prompt> prompts(RunLog log) {
        try (EventReader reader = log.reader(List.of(log.topics().prompts()))) {
            return reader.pollToEnd().stream()
                    .map(record -> (Prompt) record.event())
                    .toList();
        }
    }
}
