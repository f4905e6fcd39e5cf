package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.Feed;
import io.sppostream.feed.FeedSettings;
import io.sppostream.feed.FeedShard;
import io.sppostream.feed.Pacing;
import io.sppostream.feed.data.Addition;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.EpochOrder;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.Readiness;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several feeds of one run at the same time. */
class OverlappingFeedsIT {
    private static final int BATCH = 8;

    /** A third of it is of another dataset. */
    private static final Dataset MIXTURE = new Dataset(
            "mixture",
            IntStream.range(0, 30)
                    .mapToObj(i -> new Problem(
                            "p-" + i,
                            List.of(new Message("user", i + "?")),
                            "",
                            "",
                            "",
                            i % 3 == 0 ? "sums" : "products"))
                    .toList(),
            List.of());

    @Test
    @SuppressWarnings("try") // A role runs until it is closed.
    void shouldFenceTheFirstFeedAndReleaseEachPromptOnce(@TempDir Path directory) {
        List<Throwable> firstFailed = new CopyOnWriteArrayList<>();
        List<Throwable> secondFailed = new CopyOnWriteArrayList<>();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics("fed", 1);
            try (EventSerdes serdes = new EventSerdes(kafka);
                    TopicAdmin admin = new TopicAdmin(kafka)) {
                serdes.register(topics);
                admin.create(topics, (short) 1);
                RunLog log = new RunLog(kafka, serdes, topics);
                try (Feed first = feed(log, firstFailed)) {
                    awaitPrompts(log, BATCH);
                    try (Feed second = feed(log, secondFailed);
                            EventWriter writer = log.writer()) {
                        for (int step = 1; firstFailed.isEmpty(); step++) {
                            for (ModelKind kind : ModelKind.values()) {
                                writer.send(topics.trainingSteps(), kind.id(), step(kind, step));
                            }
                            writer.flush();
                            awaitPrompts(log, (step + 1) * BATCH);
                        }
                        assertThat(secondFailed).isEmpty();
                    }
                }
            }
        }
        assertThat(firstFailed).hasSize(1);
        assertThat(firstFailed.get(0)).hasMessageStartingWith("another fed.feed has been started and has taken over");
    }

    /**
     * A process of all shards, and one that takes the sums over, is killed and started again. At K = 0 each prompt names
     * the version of its step, whichever process releases it.
     */
    @Test
    @SuppressWarnings("try") // A role runs until it is closed.
    void shouldReleaseEachPromptOnceWhenDatasetsAreTakenOver(@TempDir Path directory) {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics("sharded", 2);
            try (EventSerdes serdes = new EventSerdes(kafka);
                    TopicAdmin admin = new TopicAdmin(kafka)) {
                serdes.register(topics);
                admin.create(topics, (short) 1);
                RunLog log = new RunLog(kafka, serdes, topics);
                FeedShard sums = new FeedShard("sums", Set.of("sums"), false);
                try (Feed rest = feed(log, new FeedShard(null, Set.of("sums"), false), failures);
                        Feed yielding = feed(log, new FeedShard("sums", Set.of("sums"), true), failures);
                        EventWriter writer = log.writer()) {
                    awaitMixture(log, 1);
                    try (Feed taking = feed(log, sums, failures)) {
                        for (int step = 1; step <= 3; step++) {
                            write(writer, topics, step);
                            awaitMixture(log, step + 1);
                        }
                        await().until(() -> yielding.readiness()
                                .containsValue(new Readiness(true, "another process has taken over")));
                    }
                    write(writer, topics, 4);
                    await().atMost(Duration.ofSeconds(60)).until(() -> releasedOf(log, "products", 5) > 0);
                    assertThat(releasedOf(log, "sums", 5))
                            .as("of a killed feed")
                            .isZero();
                    try (Feed restarted = feed(log, sums, failures)) {
                        awaitMixture(log, 5);
                    }
                }
            }
        }
        assertThat(failures).isEmpty();
    }

    private static void write(EventWriter writer, Topics topics, int step) {
        for (ModelKind kind : ModelKind.values()) {
            writer.send(topics.trainingSteps(), kind.id(), step(kind, step));
        }
        writer.flush();
    }

    private static List<Prompt> prompts(RunLog log) {
        try (EventReader reader = log.reader(List.of(log.topics().prompts()))) {
            return reader.pollToEnd().stream()
                    .map(record -> (Prompt) record.event())
                    .toList();
        }
    }

    private static long releasedOf(RunLog log, String dataset, int step) {
        return prompts(log).stream()
                .filter(prompt -> prompt.getDataset().equals(dataset) && prompt.getMinPolicyVersion() == step - 1)
                .count();
    }

    /** Waits for the prompts of some steps, and checks that each was released once, in its place of the mixture. */
    private static void awaitMixture(RunLog log, int steps) {
        await().atMost(Duration.ofSeconds(60)).until(() -> prompts(log).size() >= steps * BATCH);
        EpochOrder order = new EpochOrder(MIXTURE, 1);
        assertThat(prompts(log))
                .extracting(
                        Prompt::getRequestId,
                        Prompt::getPromptId,
                        Prompt::getDataset,
                        Prompt::getMinPolicyVersion,
                        Prompt::getMinCriticVersion)
                .containsExactlyInAnyOrderElementsOf(LongStream.range(0, (long) steps * BATCH)
                        .mapToObj(index -> {
                            Problem problem = order.at(index);
                            int version = (int) (index / BATCH);
                            return tuple(
                                    Feed.requestId(index),
                                    problem.id(),
                                    problem.datasetIn(MIXTURE.name()),
                                    version,
                                    version);
                        })
                        .toList());
    }

    private static Feed feed(RunLog log, FeedShard shard, List<Throwable> failures) {
        return new Feed(
                log,
                MIXTURE,
                shard,
                new FeedSettings(1, 1, null, true, new Pacing(0, BATCH, 1_000_000)),
                Clock.systemUTC(),
                failures::add);
    }

    private static Feed feed(RunLog log, List<Throwable> failures) {
        return new Feed(
                log,
                Addition.twoDigits(),
                FeedShard.ALL,
                new FeedSettings(1, 1, null, true, new Pacing(0, BATCH, 1_000_000)),
                Clock.systemUTC(),
                failures::add);
    }

    /** Waits for a number of prompts, and checks that each was released once. */
    private static void awaitPrompts(RunLog log, int count) {
        try (EventReader reader = log.reader(List.of(log.topics().prompts()))) {
            List<String> ids = new ArrayList<>();
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                reader.poll(Duration.ofMillis(100)).forEach(record -> ids.add(record.key()));
                return ids.size() >= count;
            });
            assertThat(ids)
                    .containsExactlyElementsOf(
                            LongStream.range(0, count).mapToObj(Feed::requestId).toList());
        }
    }

    private static TrainingStep step(ModelKind kind, int step) {
        return new TrainingStep(
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
                0L,
                List.of());
    }
}
