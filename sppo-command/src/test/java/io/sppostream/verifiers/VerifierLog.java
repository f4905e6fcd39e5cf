package io.sppostream.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** The topics of a namespace, with rollouts on them and whatever verdicts they lead to. */
final class VerifierLog implements AutoCloseable {
    private final KafkaSettings kafka;
    private final Topics topics;
    private final EventSerdes serdes;
    private final EventReader reader;
    private final List<Verdict> verdicts = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    VerifierLog(KafkaSettings kafka, Topics topics) {
        this.kafka = kafka;
        this.topics = topics;
        this.serdes = new EventSerdes(kafka);
        serdes.register(topics);
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            admin.create(topics, (short) 1);
        }
        this.reader = new EventReader(kafka, serdes, List.of(topics.verdicts()));
    }

    EventSerdes serdes() {
        return serdes;
    }

    void write(Stream<Rollout> rollouts) {
        Serializer<Rollout> serializer = serdes.serializer(topics.rollouts());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<RecordMetadata>> sent = rollouts.map(rollout -> producer.send(new ProducerRecord<>(
                            topics.rollouts().name(),
                            rollout.getRequestId().getBytes(UTF_8),
                            serializer.serialize(topics.rollouts().name(), rollout))))
                    .toList();
            assertThat(sent).allSatisfy(Future::get);
        }
    }

    /** All verdicts so far, with those that come within a moment. */
    List<Verdict> verdicts() {
        for (EventRecord<?> received : reader.poll(Duration.ofMillis(50))) {
            verdicts.add((Verdict) received.event());
        }
        return verdicts;
    }

    /** The role that writes the verdicts has failed: nobody need wait for more. */
    void failed(Throwable reason) {
        failure.compareAndSet(null, reason);
    }

    /** The verdicts of a verifier, as soon as there are so many. */
    List<Verdict> await(String verifier, int count) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollDelay(Duration.ZERO)
                .failFast("the role failed", () -> assertThat(failure.get()).isNull())
                .untilAsserted(() -> assertThat(by(verifier).size())
                        .as("verdicts of %s", verifier)
                        .isGreaterThanOrEqualTo(count));
        return by(verifier);
    }

    private List<Verdict> by(String verifier) {
        return verdicts().stream()
                .filter(verdict -> verdict.getVerifier().equals(verifier))
                .toList();
    }

    @Override
    public void close() {
        reader.close();
        serdes.close();
    }
}
