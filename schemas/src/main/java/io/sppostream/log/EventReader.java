package io.sppostream.log;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
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

    /** Continues at the first record of a topic that was written at an instant or later. */
    public void seek(Topic<?> topic, Instant writtenAt) {
        Map<TopicPartition, Long> times = new HashMap<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            times.put(new TopicPartition(topic.name(), partition), writtenAt.toEpochMilli());
        }
        // First of all, so that nothing written meanwhile is missed.
        Map<TopicPartition, Long> ends = consumer.endOffsets(times.keySet());
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        ends.forEach((partition, end) -> {
            OffsetAndTimestamp first = found.get(partition);
            consumer.seek(partition, first == null ? end : first.offset());
        });
    }

    /** The events from here to the ends that the topics have at the time of the call. */
    public List<Received<?>> pollToEnd() {
        List<Received<?>> events = new ArrayList<>();
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            events.addAll(poll(Duration.ofMillis(100)));
        }
        return events;
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
