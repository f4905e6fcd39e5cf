package io.sppostream.log.loop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaClients;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExactlyOnceLogTest {
    private static final Topics TOPICS = new Topics("test", 2);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final Map<String, Object> settings = new HashMap<>();
    private final KafkaSettings kafka =
            new KafkaSettings("unused:9092", "mock://exactly-once-log", Map.of(), new KafkaClients() {
                @Override
                public Consumer<byte[], byte[]> consumer(Map<String, Object> of) {
                    settings.putAll(of);
                    return consumer;
                }

                @Override
                public Producer<byte[], byte[]> producer(Map<String, Object> of) {
                    return new MockProducer<>();
                }

                @Override
                public Admin admin(Map<String, Object> of) {
                    throw new UnsupportedOperationException();
                }
            });
    private final EventSerdes serdes = new EventSerdes(kafka);
    private ExactlyOnceLog log;

    @BeforeEach
    void open() {
        RunLog runLog = new RunLog(kafka, serdes, TOPICS).withPollLimit(7);
        log = ExactlyOnceLog.sole(runLog, "learner", List.of(TOPICS.values(), TOPICS.verdicts()), Duration.ZERO);
        Map<TopicPartition, Long> begin = new HashMap<>();
        log.assignment().forEach(partition -> begin.put(partition, 0L));
        consumer.updateBeginningOffsets(begin);
    }

    @AfterEach
    void close() {
        log.close();
        serdes.close();
    }

    private <V extends SpecificRecord> void arrive(Topic<V> topic, int partition, long offset, V event) {
        byte[] value = serdes.serializer(topic).serialize(topic.name(), event);
        consumer.addRecord(new ConsumerRecord<>(topic.name(), partition, offset, "r".getBytes(UTF_8), value));
    }

    private void arrive(long offset) {
        Verdict verdict = new Verdict(
                "r/0", "r", "exact", "1", VerdictStatus.CORRECT, 1.0, null, "equal", Instant.EPOCH, Map.of(), false);
        for (int partition = 0; partition < 2; partition++) {
            arrive(
                    TOPICS.values(),
                    partition,
                    offset,
                    new Value("r", 1, "00", 0f, 0.5, null, Instant.EPOCH, null, null));
            arrive(TOPICS.verdicts(), partition, offset, verdict);
        }
    }

    private List<String> poll() {
        return log.poll(Duration.ZERO).stream()
                .map(EventRecord::topic)
                .distinct()
                .sorted()
                .toList();
    }

    @Test
    void shouldReadTheOtherTopicsWhenOneIsPaused() {
        arrive(0);
        log.pause(TOPICS.values());
        assertThat(poll()).containsExactly(TOPICS.verdicts().name());
        assertThat(log.consumed(List.of()))
                .containsEntry(new TopicPartition(TOPICS.values().name(), 1), 0L)
                .containsEntry(new TopicPartition(TOPICS.verdicts().name(), 1), 1L);
    }

    @Test
    void shouldReadATopicAgainWhenItIsResumed() {
        arrive(0);
        log.pause();
        assertThat(poll()).isEmpty();
        log.resume(TOPICS.values());
        assertThat(poll()).containsExactly(TOPICS.values().name());
        log.resume();
        assertThat(poll()).containsExactly(TOPICS.verdicts().name());
    }

    @Test
    void shouldLimitAPollWhenTheRunLogSaysSo() {
        assertThat(settings).containsEntry("max.poll.records", "7");
    }
}
