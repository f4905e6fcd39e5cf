package io.sppostream.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads whole topics from their beginning, outside any consumer group: for those who follow the log without a share in
 * the work. What can't be decoded is passed over: the role that works on the topic sends it to the dead letters. For
 * one thread.
 */
public final class EventReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventReader.class);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final EventDecoder decoder;

    public EventReader(KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        consumer = new KafkaConsumer<>(kafka.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        decoder = new EventDecoder(serdes, topics);
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : topics) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                partitions.add(new TopicPartition(topic.name(), partition));
            }
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** The next events, in order within a partition; empty where none came within the timeout. */
    public List<Received<?>> poll(Duration timeout) {
        List<Received<?>> events = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            try {
                events.add(decoder.decode(record));
            } catch (SerializationException e) {
                LOG.warn(
                        "{}-{} offset {} passed over: {}",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        LogException.reason(e));
            }
        }
        return events;
    }

    /** Continues at an offset of a topic's partition. */
    public void seek(Topic<?> topic, int partition, long offset) {
        consumer.seek(new TopicPartition(topic.name(), partition), offset);
    }

    /** The offsets after the last records of a topic, summed over its partitions; 0 where there has never been one. */
    public long end(Topic<?> topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(new TopicPartition(topic.name(), partition));
        }
        return consumer.endOffsets(partitions).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
