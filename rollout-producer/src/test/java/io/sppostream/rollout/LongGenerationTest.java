package io.sppostream.rollout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaClients;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.model.SamplingParameters;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RoundRobinPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker of a group while it generates a batch that takes long. */
class LongGenerationTest {
    private static final Topics TOPICS = new Topics("test", 2);
    private static final TopicPartition LOST =
            new TopicPartition(TOPICS.prompts().name(), 0);
    private static final TopicPartition KEPT =
            new TopicPartition(TOPICS.prompts().name(), 1);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        /** A real consumer forgets that a partition was paused when it loses it. */
        @Override
        public synchronized Set<TopicPartition> paused() {
            Set<TopicPartition> paused = new HashSet<>(super.paused());
            paused.retainAll(assignment());
            return paused;
        }
    };
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, new RoundRobinPartitioner(), new ByteArraySerializer(), new ByteArraySerializer());
    private final KafkaSettings kafka = new KafkaSettings(
            "unused:9092", "mock://long-generation", Map.of("rule.service.loader.enable", "false"), new KafkaClients() {
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

    private final CountDownLatch generating = new CountDownLatch(1);
    private final CountDownLatch rebalanced = new CountDownLatch(1);
    private final CountDownLatch committed = new CountDownLatch(1);
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    /** Answers once the group has been rebalanced, which takes a poll of the worker. */
    private final class Slow implements ResponseGenerator {
        @Override
        public @Nullable String refuseVersion(int minPolicyVersion, long since) {
            return null;
        }

        @Override
        public List<GenerationResult> generate(List<Request> requests, int minPolicyVersion)
                throws InterruptedException {
            generating.countDown();
            rebalanced.await();
            return requests.stream()
                    .map(request -> (GenerationResult) new Response(
                            new int[] {1},
                            new int[] {2},
                            "2",
                            null,
                            new float[] {-1f},
                            List.of(new PolicySegment(1, 0, "")),
                            FinishReason.STOP,
                            false,
                            null))
                    .toList();
        }

        @Override
        public void close() {
            rebalanced.countDown();
        }
    }

    private void arrive(EventSerdes serdes, TopicPartition partition, String id) {
        Topic<Prompt> topic = TOPICS.prompts();
        byte[] value = serdes.serializer(topic).serialize(topic.name(), TestPolicy.prompt(id, "1+1=", 1));
        consumer.addRecord(new ConsumerRecord<>(topic.name(), partition.partition(), 0, id.getBytes(UTF_8), value));
    }

    @Test
    @SuppressWarnings("try") // A role runs until it is closed.
    void shouldPollMeanwhileAndDropTheResponsesOfLostPartitions(@TempDir Path directory) throws Exception {
        consumer.updateBeginningOffsets(Map.of(LOST, 0L, KEPT, 0L));
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            consumer.schedulePollTask(() -> {
                consumer.rebalance(List.of(LOST, KEPT));
                arrive(serdes, LOST, "lost");
                arrive(serdes, KEPT, "kept");
            });
            try (RolloutProducer role = new RolloutProducer(
                    new RunLog(kafka, serdes, TOPICS),
                    new Slow(),
                    new RolloutProducerSettings(1, new SamplingParameters(1.0, 1.0, 0, 4), 1, 8, 0, false),
                    directory,
                    Clock.systemUTC(),
                    failures::add)) {
                assertThat(generating.await(30, TimeUnit.SECONDS)).isTrue();
                consumer.schedulePollTask(() -> {
                    assertThat(consumer.paused()).contains(LOST, KEPT);
                    consumer.rebalance(List.of(KEPT));
                    rebalanced.countDown();
                });
                consumer.schedulePollTask(committed::countDown);
                assertThat(committed.await(30, TimeUnit.SECONDS))
                        .as("polls after the commit; failures %s", failures)
                        .isTrue();
            }
            assertThat(failures).isEmpty();
            assertThat(producer.history())
                    .extracting(record -> new String(record.key(), UTF_8))
                    .containsExactly("kept");
        }
    }
}
