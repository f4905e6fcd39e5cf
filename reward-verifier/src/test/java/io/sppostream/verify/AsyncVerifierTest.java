package io.sppostream.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaClients;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.verify.ConfiguredVerifier.Place;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AsyncVerifierTest {
    private static final Topics TOPICS = new Topics("test", 1);
    private static final TopicPartition ROLLOUTS =
            new TopicPartition(TOPICS.rollouts().name(), 0);

    private final AtomicInteger polls = new AtomicInteger();
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            polls.incrementAndGet();
            return super.poll(timeout);
        }
    };
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
    private final KafkaSettings kafka = new KafkaSettings(
            "unused:9092", "mock://async-verifier", Map.of("rule.service.loader.enable", "false"), new KafkaClients() {
                @Override
                public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
                    return consumer;
                }

                @Override
                public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
                    return producer;
                }

                @Override
                public Admin admin(Map<String, Object> settings) {
                    throw new UnsupportedOperationException();
                }
            });

    private final CountDownLatch judging = new CountDownLatch(1);
    private final AtomicInteger judged = new AtomicInteger();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    /** Takes until it is told to for its first judgement. */
    private final class Slow implements Verifier {
        @Override
        public String name() {
            return "slow";
        }

        @Override
        public String version() {
            return "1";
        }

        @Override
        public Judgement judge(Rollout rollout) {
            try {
                judging.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            judged.incrementAndGet();
            return Judgement.correct(rollout.getText(), "test");
        }
    }

    private void arrive(EventSerdes serdes) {
        Topic<Rollout> topic = TOPICS.rollouts();
        byte[] value = serdes.serializer(topic)
                .serialize(topic.name(), Rollouts.of("r-1", "addition", "42", "42", FinishReason.STOP));
        consumer.addRecord(new ConsumerRecord<>(topic.name(), 0, 0, "r-1".getBytes(UTF_8), value));
    }

    private void awaitPolls(int more) {
        int until = polls.get() + more;
        await().until(() -> {
            assertThat(failures).isEmpty();
            return polls.get() >= until;
        });
    }

    @Test
    @SuppressWarnings("try") // A role runs until it is closed.
    void shouldPublishOneVerdictWhenAPartitionIsLostAndRegainedWithinAPoll(@TempDir Path directory) {
        consumer.updateBeginningOffsets(Map.of(ROLLOUTS, 0L));
        consumer.schedulePollTask(() -> consumer.rebalance(List.of(ROLLOUTS)));
        ConfiguredVerifier slow = new ConfiguredVerifier(
                "slow",
                "1",
                Map.of(),
                new Place.OnThreads(
                        new Slow(),
                        new AttemptPolicy(
                                2, 1, 1, Duration.ofMillis(1), Duration.ofMinutes(1), Duration.ofMinutes(1))));
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            consumer.schedulePollTask(() -> arrive(serdes));
            try (AsyncVerifier verifier = new AsyncVerifier(
                    new RunLog(kafka, serdes, TOPICS),
                    Verifiers.of(slow),
                    slow,
                    directory,
                    Clock.systemUTC(),
                    failures::add)) {
                awaitPolls(5);
                consumer.schedulePollTask(() -> {
                    consumer.rebalance(List.of());
                    consumer.rebalance(List.of(ROLLOUTS));
                });
                awaitPolls(2);
                judging.countDown();
                await().until(() -> judged.get() == 1);
                awaitPolls(5);
                assertThat(producer.history())
                        .as("verdicts of a lost partition")
                        .isEmpty();

                // The group's offset is that before the rollout.
                consumer.schedulePollTask(() -> {
                    consumer.seek(ROLLOUTS, 0);
                    arrive(serdes);
                });
                await().until(() -> judged.get() == 2);
                awaitPolls(5);
                assertThat(failures).isEmpty();
                assertThat(producer.history()).hasSize(1);
            }
        }
    }
}
