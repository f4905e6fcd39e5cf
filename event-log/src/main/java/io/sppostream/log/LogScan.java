package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads topics as they were at a moment: from one offset of each partition to another, committed transactions only. A
 * transaction that was open at the end is waited for, since only its outcome says whether its records are there.
 * Reading takes no part in any group, and may be done by several threads at once.
 */
public record LogScan(KafkaSettings kafka, EventSerdes serdes) {

    /**
     * Hands every event of a topic to a reader, in order within a partition.
     *
     * @param ends the offset after the last record to read, by partition; what is not named is not read
     * @throws LogException where a transaction stays open for too long
     */
    public <V extends SpecificRecord> void read(
            Topic<V> topic, Map<TopicPartition, Long> ends, Consumer<EventRecord<V>> reader) {
        read(topic, ends, key -> true, reader);
    }

    /** Hands those events of a topic to a reader whose key is wanted, without decoding the others. */
    public <V extends SpecificRecord> void read(
            Topic<V> topic, Map<TopicPartition, Long> ends, Predicate<String> wanted, Consumer<EventRecord<V>> reader) {
        try (LogCursor<V> cursor = new LogCursor<>(kafka, serdes, topic, Map.of(), ends, wanted)) {
            cursor.forEachRemaining(reader);
        }
    }

    /**
     * The events of a topic, to be taken one by one.
     *
     * @param starts the offset of the first record to read, by partition; the first there is where none is named
     */
    public <V extends SpecificRecord> LogCursor<V> from(
            Topic<V> topic, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        return new LogCursor<>(kafka, serdes, topic, starts, ends, key -> true);
    }
}
