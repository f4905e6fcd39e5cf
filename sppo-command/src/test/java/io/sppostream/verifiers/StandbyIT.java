package io.sppostream.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.advantage.AdvantageStream;
import io.sppostream.cli.Invocation;
import io.sppostream.cli.RoleProcess;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.StreamsApp;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.ExactAnswerVerifier;
import io.sppostream.verify.RewardVerifier;
import io.sppostream.verify.Verifiers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.LagInfo;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A join with a standby replica: when its process is killed, the standby resumes with the state that it has. */
class StandbyIT {
    private static final String RUN = "standby";
    private static final int PARTITIONS = 2;
    private static final int ROLLOUTS = 4_000;

    /** Records of a changelog that the standby may have to read after the kill: those of the last commits. */
    private static final long FEW = ROLLOUTS / 20;

    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @TempDir
    private Path directory = Path.of("");

    /** What an instance restores before it takes over a partition. */
    private record Restored(TopicPartition changelog, long from, long to) {}

    /** Watches an instance restore its state. */
    private static final class Restores implements LogObserver, StateRestoreListener {
        private final Queue<Restored> started = new ConcurrentLinkedQueue<>();
        private volatile @Nullable KafkaStreams streams;

        @Override
        public void created(KafkaStreams created) {
            streams = created;
            created.setGlobalStateRestoreListener(this);
        }

        @Override
        public void onRestoreStart(TopicPartition changelog, String store, long from, long to) {
            started.add(new Restored(changelog, from, to));
        }

        @Override
        public void onBatchRestored(TopicPartition changelog, String store, long end, long records) {}

        @Override
        public void onRestoreEnd(TopicPartition changelog, String store, long records) {}

        KafkaStreams streams() {
            return Objects.requireNonNull(streams);
        }

        long activeTasks() {
            return streams().metadataForLocalThreads().stream()
                    .mapToLong(thread -> thread.activeTasks().size())
                    .sum();
        }

        /** Whether all stores of all partitions are here, and hold nearly all that was written. */
        boolean hasCaughtUp() {
            List<LagInfo> lags = streams().allLocalStorePartitionLags().values().stream()
                    .flatMap(store -> store.values().stream())
                    .toList();
            return streams().state() == State.RUNNING
                    && lags.size() == 3 * PARTITIONS
                    && lags.stream().allMatch(lag -> lag.currentOffsetPosition() > 0 && lag.offsetLag() < 10);
        }
    }

    @Test
    @SuppressWarnings("try")
    void shouldResumeOnTheStandbyWithoutReadingTheChangelogsAgain() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            List<String> options = List.of(
                    "--run=" + RUN,
                    "--client-properties=" + cluster.clientProperties(),
                    "--data-dir=" + directory.resolve("killed"),
                    "--set=partitions=" + PARTITIONS,
                    "--set=kafka.num.standby.replicas=1");
            List<String> create = new ArrayList<>(List.of("topics", "--create"));
            create.addAll(options);
            Invocation created = Invocation.of(create.toArray(String[]::new));
            assertThat(created.code()).as(created.err()).isZero();
            Configuration configuration = Configuration.load(
                    null,
                    Map.of(),
                    Map.of(
                            "run", RUN,
                            "partitions", Integer.toString(PARTITIONS),
                            "kafka.num.standby.replicas", "1"));
            KafkaSettings kafka = configuration.kafka(cluster.kafka());
            Restores restores = new Restores();
            Topics topics = new Topics(RUN, PARTITIONS);
            try (EventSerdes serdes = new EventSerdes(kafka);
                    EventSerdes observed = new EventSerdes(kafka, restores);
                    RoleProcess killed =
                            RoleProcess.start(Role.ADVANTAGE, directory.resolve("advantage.out"), options)) {
                RunLog log = new RunLog(kafka, serdes, topics);
                await().atMost(TIMEOUT).until(killed::isReady);
                writeRollouts(log);
                await().atMost(TIMEOUT).until(() -> joined(log) >= ROLLOUTS);

                try (StreamsApp standby = AdvantageStream.start(
                        new RunLog(kafka, observed, topics),
                        configuration.settings().join(),
                        directory.resolve("standby"),
                        1,
                        failure -> {})) {
                    await().atMost(TIMEOUT).until(restores::hasCaughtUp);
                    restores.started.clear();

                    killed.kill();

                    await().atMost(TIMEOUT)
                            .until(() -> restores.activeTasks() == PARTITIONS
                                    && restores.streams().state() == State.RUNNING);
                    assertThat(restores.started)
                            .isNotEmpty()
                            .allSatisfy(restored -> assertThat(restored.to() - restored.from())
                                    .as(restored.toString())
                                    .isLessThan(FEW));
                    settle(log);
                    assertThat(advantages(log))
                            .hasSize(ROLLOUTS)
                            .extracting(sample -> sample.getRollout().getRolloutId())
                            .doesNotHaveDuplicates();
                }
            }
        }
    }

    /** Rollouts that wait for their verdicts. */
    private static void writeRollouts(RunLog log) {
        try (EventWriter writer = log.writer()) {
            for (int i = 0; i < ROLLOUTS; i++) {
                Rollout rollout = Rollouts.of("r-" + i, "addition", "42", "42");
                writer.send(log.topics().rollouts(), rollout.getRequestId(), rollout);
            }
            writer.flush();
        }
    }

    /** Rollouts that the join has taken. */
    private static long joined(RunLog log) {
        try (TopicAdmin admin = new TopicAdmin(log.kafka())) {
            return admin.committed(log.topics().application(RoleName.ADVANTAGE_STREAM)).entrySet().stream()
                    .filter(offset -> offset.getKey()
                            .topic()
                            .equals(log.topics().rollouts().name()))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }
    }

    /** Writes verdicts and values. */
    private void settle(RunLog log) throws InterruptedException {
        try (EventWriter writer = log.writer()) {
            for (int i = 0; i < ROLLOUTS; i++) {
                String requestId = "r-" + i;
                writer.send(
                        log.topics().values(),
                        requestId,
                        new Value(requestId, 1, "00", 0f, 0.5, null, Instant.EPOCH, null, null));
            }
            writer.flush();
        }
        Verifiers exact = Verifiers.of(
                new ConfiguredVerifier("exact", "1", Map.of(), new Place.Inline(new ExactAnswerVerifier())));
        try (StreamsApp verifier = RewardVerifier.start(log, exact, directory.resolve("verifier"), 1, failure -> {})) {
            verifier.awaitRunning(TIMEOUT);
            await().atMost(TIMEOUT).until(() -> advantages(log).size() >= ROLLOUTS);
        }
    }

    private static List<TrainingSample> advantages(RunLog log) {
        try (EventReader reader = log.reader(List.of(log.topics().advantages()))) {
            return reader.pollToEnd().stream()
                    .map(record -> (TrainingSample) record.event())
                    .toList();
        }
    }
}
