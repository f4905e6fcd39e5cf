package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long readers wait for the open transaction of a killed role, and for a broker that is gone. */
class WaitingReadersIT {
    private static final Topics TOPICS = new Topics("waiting", 1);
    private static final Topic<LearnerState> TOPIC = TOPICS.learnerStates();
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC.name(), 0);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldWaitForAKilledRoleNoLongerThanItsTransactionAndOnlyBrieflyForADeadBroker() throws Exception {
        EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory));
        KafkaSettings kafka = cluster.kafka();
        try (cluster;
                EventSerdes serdes = new EventSerdes(kafka)) {
            RunLog runLog = new RunLog(kafka, serdes, TOPICS);
            serdes.register(TOPICS);
            try (TopicAdmin admin = new TopicAdmin(kafka)) {
                admin.create(TOPICS, (short) -1);
            }

            ExactlyOnceLog killed = ExactlyOnceLog.sole(runLog, "learner", List.of(), Duration.ZERO);
            killed.offset(killed.send(TOPIC, "policy", state("never committed")));
            try (EventWriter other = runLog.writer()) {
                other.send(TOPIC, "policy", state("of another"));
                other.flush();
            }
            long end = end(kafka);
            assertThat(end).isEqualTo(2);

            try (EventReader log = runLog.uncommitted(List.of(TOPIC))) {
                assertThat(seconds(() -> assertThat(log.last(TOPIC, 0, end, all -> false))
                                .hasSize(2)))
                        .as("seconds that a reader of uncommitted records waits")
                        .isLessThan(2);
            }
            try (EventReader log = runLog.reader(List.of(TOPIC))) {
                assertThat(seconds(() -> assertThat(log.last(TOPIC, 0, end, all -> false))
                                .hasSize(1)))
                        .as("seconds until the broker aborts the transaction")
                        .isBetween(5.0, 25.0);
            }
            assertThatThrownBy(() -> killed.commit(List.of()))
                    .as("one that had only stalled")
                    .isInstanceOf(StalledException.class)
                    .hasMessageContaining("waiting.learner stalled for so long that its transaction, open for 1")
                    .hasRootCauseInstanceOf(InvalidTxnStateException.class);
            ExactlyOnceLog.sole(runLog, "learner", List.of(), Duration.ZERO).close();
            assertThatThrownBy(() -> killed.commit(List.of()))
                    .as("one that had stalled while another took its place")
                    .isNotInstanceOf(StalledException.class)
                    .isInstanceOf(LogException.class)
                    .hasMessageContaining("another waiting.learner has been started and has taken over");

            Map<TopicPartition, Long> beyond = Map.of(PARTITION, end + 1_000);
            try (LogCursor<LearnerState> reading = runLog.scan().from(TOPIC, Map.of(), beyond)) {
                assertThat(reading.next().event().getReason()).isEqualTo("of another");
                ProcessHandle broker = broker();
                broker.destroyForcibly();
                broker.onExit().join();
                assertThat(seconds(() -> assertThatThrownBy(reading::hasNext)
                                .isInstanceOf(LogException.class)
                                .hasMessageContaining("no longer answers")))
                        .as("seconds until the loss of the broker is noticed")
                        .isLessThan(30);
            }
            killed.close();
        }
    }

    private static long end(KafkaSettings kafka) {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return admin.ends(IsolationLevel.READ_UNCOMMITTED, List.of(TOPIC)).getOrDefault(PARTITION, -1L);
        }
    }

    private static LearnerState state(String reason) {
        return new LearnerState("policy", LearnerStatus.RUNNING, null, reason, 0, "test", Instant.EPOCH);
    }

    private ProcessHandle broker() throws IOException {
        Properties state = new Properties();
        try (Reader in = Files.newBufferedReader(directory.resolve("broker.state"))) {
            state.load(in);
        }
        return ProcessHandle.of(Long.parseLong(state.getProperty("pid"))).orElseThrow();
    }

    private static double seconds(Runnable action) {
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
