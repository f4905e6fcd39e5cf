package io.sppostream.log.loop;

import io.sppostream.log.KafkaClients;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/** The clients of Kafka Streams applications. Consumers of input topics report their polls to {@link PolledRecords}. */
final class StreamsClients implements KafkaClientSupplier {
    @Override
    public Admin getAdmin(Map<String, Object> settings) {
        return KafkaClients.NETWORK.admin(settings);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> settings) {
        return KafkaClients.NETWORK.producer(settings);
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> settings) {
        return new ReportingConsumer(settings);
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> settings) {
        return KafkaClients.NETWORK.consumer(settings);
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> settings) {
        return KafkaClients.NETWORK.consumer(settings);
    }

    /** Tells its thread of its polls, and Kafka Streams of {@link Backlogs} only. */
    private static final class ReportingConsumer extends KafkaConsumer<byte[], byte[]> {
        private final Backlogs backlogs = new Backlogs();

        ReportingConsumer(Map<String, Object> settings) {
            super(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        @Override
        public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
            boolean more = backlogs.afterPoll(
                    assignment(),
                    records.partitions(),
                    partition -> super.currentLag(partition).orElse(0));
            PolledRecords.ofThread().polled(records.count(), more);
            return records;
        }

        @Override
        public OptionalLong currentLag(TopicPartition partition) {
            return OptionalLong.of(backlogs.of(partition));
        }
    }
}
