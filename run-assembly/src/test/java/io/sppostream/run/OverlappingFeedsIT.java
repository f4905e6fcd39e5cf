package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.feed.Feed;
import io.sppostream.feed.FeedSettings;
import io.sppostream.feed.Pacing;
import io.sppostream.feed.data.Addition;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two feeds of one run at the same time. */
class OverlappingFeedsIT {
    private static final int BATCH = 8;

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

    private static Feed feed(RunLog log, List<Throwable> failures) {
        return new Feed(
                log,
                Addition.twoDigits(),
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
