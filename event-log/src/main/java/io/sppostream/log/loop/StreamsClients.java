package io.sppostream.log.loop;

import io.sppostream.log.KafkaClients;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
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

    private static final class ReportingConsumer extends KafkaConsumer<byte[], byte[]> {
        /** Records of a partition that make a backlog. */
        private static final long BACKLOG = 1_000;

        /** The partitions that hold a backlog behind what was polled last. */
        private final Set<TopicPartition> backlogs = new HashSet<>();

        ReportingConsumer(Map<String, Object> settings) {
            super(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }

        @Override
        public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
            if (!backlogs.isEmpty()) {
                backlogs.retainAll(assignment());
                backlogs.removeIf(partition -> lag(partition) < BACKLOG);
            }
            boolean more = false;
            for (TopicPartition partition : records.partitions()) {
                long lag = lag(partition);
                more |= lag > 0;
                if (lag >= BACKLOG) {
                    backlogs.add(partition);
                }
            }
            PolledRecords.ofThread().polled(records.count(), more);
            return records;
        }

        private long lag(TopicPartition partition) {
            return super.currentLag(partition).orElse(0);
        }

        /**
         * A backlog's size at least, and 0 for fewer records. If the user sets {@code max.task.idle.ms} to 0, a task does
         * not pass over a topic of which this says that it holds more. In a backlog this keeps the task's topics in step,
         * so that what belongs together meets in memory; where records trickle in, topics would wait for each other's
         * fetches. Kafka Streams then asks several times a record.
         */
        @Override
        public OptionalLong currentLag(TopicPartition partition) {
            return OptionalLong.of(backlogs.contains(partition) ? BACKLOG : 0);
        }
    }
}
