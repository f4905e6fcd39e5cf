package io.sppostream.log.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Weight versions on the log: snapshots, deltas between them, and readers that keep up, fall behind or skip. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WeightsIT {
    private static final int BYTES = 1_300_000; // three chunks
    private static final int INTERVAL = 5;
    private static final int VERSIONS = 23;

    private final EmbeddedCluster cluster;
    private final KafkaSettings kafka;
    private final EventSerdes serdes;

    /** A model's versions, as its learner publishes them. */
    private final class Model implements AutoCloseable {
        private final Topics topics;
        private final ExactlyOnceLog log;
        private final WeightsPublisher publisher;
        private final SplittableRandom random = new SplittableRandom(3);
        private final List<byte[]> versions = new ArrayList<>();
        private final List<WeightsManifest> manifests = new ArrayList<>();
        private @Nullable WeightsRetention retention;

        Model(String namespace) {
            topics = new Topics(namespace, 1);
            serdes.register(topics);
            try (TopicAdmin admin = new TopicAdmin(kafka)) {
                admin.create(topics, (short) -1);
            }
            log = ExactlyOnceLog.sole(
                    new RunLog(kafka, serdes, topics),
                    RoleName.POLICY_LEARNER,
                    List.of(topics.advantages()),
                    Duration.ZERO);
            publisher = new WeightsPublisher(
                    log, topics, ModelKind.POLICY, "{}", WeightsStorage.CHUNK_BYTES, null, Clock.systemUTC());
        }

        /**
         * Publishes the next version, which differs from the previous one in some bytes. The start weights are longer: those
         * are never rounded.
         */
        void publish() {
            int version = versions.size();
            byte[] weights = version == 0 ? new byte[2 * BYTES] : Arrays.copyOf(versions.get(version - 1), BYTES);
            for (int i = 0; i < 1_000; i++) {
                weights[random.nextInt(BYTES)] = (byte) random.nextInt();
            }
            versions.add(weights);
            WeightsPublisher.Source source = channel -> channel.write(ByteBuffer.wrap(weights));
            WeightsManifest manifest = version == 0
                    ? publisher.publishStart(source)
                    : publisher.publish(version, version - 1, version, source, version % INTERVAL == 0 ? source : null);
            log.commit(List.of());
            manifests.add(manifest);
            if (retention == null) {
                retention = new WeightsRetention(kafka, topics, ModelKind.POLICY, List.of(manifest), null, 1);
            } else {
                retention.committed(manifest);
            }
        }

        WeightsFollower follower(int from) {
            return new WeightsFollower(new RunLog(kafka, serdes, topics), ModelKind.POLICY, from);
        }

        @Override
        public void close() {
            if (retention != null) {
                retention.close();
            }
            log.close();
        }
    }

    WeightsIT(@TempDir Path directory) {
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory));
        kafka = cluster.kafka();
        serdes = new EventSerdes(kafka);
    }

    @AfterAll
    void stop() {
        serdes.close();
        cluster.close();
    }

    private static byte @Nullable [] fetch(WeightsFollower log, WeightsManifest manifest) {
        List<byte[]> fetched = new ArrayList<>();
        boolean there = log.fetch(
                manifest,
                channel -> fetched.add(Channels.newInputStream(channel).readAllBytes()));
        return there ? fetched.get(0) : null;
    }

    private static List<WeightsManifest> poll(WeightsFollower log) {
        return log.poll(Duration.ofSeconds(10));
    }

    @Test
    void shouldGiveEachVersionToThoseWhoKeepUpAndToThoseWhoComeLate() {
        try (Model model = new Model("follow");
                WeightsFollower keepsUp = model.follower(0)) {
            for (int version = 0; version < VERSIONS; version++) {
                model.publish();
                List<WeightsManifest> published = poll(keepsUp);
                assertThat(published).hasSize(1);
                assertThat(published.get(0).getEncoding())
                        .isEqualTo(
                                version % INTERVAL == 0 || version == 1 ? WeightsEncoding.FULL : WeightsEncoding.DELTA);
                assertThat(fetch(keepsUp, published.get(0))).isEqualTo(model.versions.get(version));
            }
            assertThat(model.manifests.get(22).getBytes()).isLessThan(BYTES / 50);

            try (WeightsFollower late = model.follower(WeightsFollower.NEWEST)) {
                List<WeightsManifest> published = poll(late);
                assertThat(published).extracting(WeightsManifest::getVersion).endsWith(20, 21, 22);
                assertThat(fetch(late, published.get(published.size() - 1))).isEqualTo(model.versions.get(22));
                model.publish();
                model.publish();
                // One version is skipped.
                List<Integer> seen = new ArrayList<>();
                while (!seen.contains(24)) {
                    poll(late).forEach(version -> seen.add(version.getVersion()));
                }
                assertThat(fetch(late, model.manifests.get(24))).isEqualTo(model.versions.get(24));
            }
        }
    }

    @Test
    void shouldKeepTheStartWeightsAndTheLastTwoSnapshots() {
        try (Model model = new Model("bounded")) {
            for (int version = 0; version < VERSIONS; version++) {
                model.publish();
            }
            long kept = model.manifests.get(15).getFirstChunkOffset();
            try (EventReader chunks = new EventReader(kafka, serdes, List.of(model.topics.weights(ModelKind.POLICY)))) {
                await().untilAsserted(() -> assertThat(chunks.begin(model.topics.weights(ModelKind.POLICY), 0))
                        .isEqualTo(kept));
            }
            try (WeightsFollower slow = model.follower(0)) {
                List<WeightsManifest> published = poll(slow);
                assertThat(published).hasSize(VERSIONS);
                assertThat(fetch(slow, published.get(0))).isEqualTo(model.versions.get(0));
                for (int version = 1; version < VERSIONS; version++) {
                    byte @Nullable [] weights = fetch(slow, published.get(version));
                    if (version < 15) {
                        assertThat(weights).as("version %d", version).isNull();
                    } else {
                        assertThat(weights).as("version %d", version).isEqualTo(model.versions.get(version));
                    }
                }
            }
        }
    }

    @Test
    void shouldRefuseChunksThatAreMissingOutOfOrderOrDamaged() {
        try (Model model = new Model("damaged");
                WeightsFollower log = model.follower(0);
                EventWriter intruder = new EventWriter(kafka, serdes)) {
            model.publish();
            model.publish();
            model.publish();
            WeightsManifest good = model.manifests.get(1);
            assertThat(poll(log)).isNotEmpty();
            assertThat(fetch(log, model.manifests.get(0))).isEqualTo(model.versions.get(0));

            assertRefused(log, with(good, good.getFirstChunkOffset() + 1), "expected chunk 0, found chunk 1");
            assertRefused(log, with(good, model.manifests.get(2).getFirstChunkOffset()), "of version 2");
            long end;
            try (EventReader chunks = new EventReader(kafka, serdes, List.of(model.topics.weights(ModelKind.POLICY)))) {
                end = chunks.end(model.topics.weights(ModelKind.POLICY), 0);
            }
            for (int index = 0; index < 3; index++) {
                intruder.send(
                        model.topics.weights(ModelKind.POLICY),
                        "1",
                        new WeightsChunk(1, index, 0L, ByteBuffer.wrap(new byte[10])));
            }
            intruder.flush();
            assertRefused(log, with(good, end), "chunk 0");

            // The refused fetches have left no trace.
            assertThat(fetch(log, good)).isEqualTo(model.versions.get(1));
            assertThat(fetch(log, model.manifests.get(2))).isEqualTo(model.versions.get(2));
        }
    }

    private static WeightsManifest with(WeightsManifest manifest, long firstChunkOffset) {
        return WeightsManifest.newBuilder(manifest)
                .setFirstChunkOffset(firstChunkOffset)
                .build();
    }

    private static void assertRefused(WeightsFollower log, WeightsManifest manifest, String why) {
        assertThatThrownBy(() -> fetch(log, manifest))
                .isInstanceOf(LogException.class)
                .hasMessageContaining("policy-weights.v1: version 1 can't be read")
                .hasMessageContaining(why);
    }

    @Test
    void shouldFenceALearnerWhenAnotherIsStarted() {
        try (Model first = new Model("fenced")) {
            first.publish();
            try (Model second = new Model("fenced")) {
                assertThatThrownBy(first::publish)
                        .isInstanceOf(LogException.class)
                        .hasMessageContaining("another fenced.policy-learner has been started and has taken over");
                second.publish();
            }
            try (WeightsFollower log = first.follower(0)) {
                assertThat(poll(log)).hasSize(2);
            }
        }
    }
}
