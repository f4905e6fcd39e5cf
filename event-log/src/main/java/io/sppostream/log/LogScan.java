package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads topics as of a moment: between two offsets of each partition, committed records only. It waits for transactions
 * that are open before the end, since only their outcome decides which records count. Reading joins no group.
 * Thread-safe.
 *
 * @param kafka how to reach the cluster
 * @param serdes decodes the events; the caller closes it
 */
public record LogScan(KafkaSettings kafka, EventSerdes serdes) {

    /**
     * Passes every event of a topic to a reader, in order within a partition.
     *
     * @param ends the offset after the last record to read, by partition; partitions without an entry are not read
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    public <V extends SpecificRecord> void read(
            Topic<V> topic, Map<TopicPartition, Long> ends, Consumer<EventRecord<V>> reader) {
        read(topic, ends, key -> true, reader);
    }

    /** Passes the events of a topic whose key is wanted to a reader, without decoding the others. */
    public <V extends SpecificRecord> void read(
            Topic<V> topic, Map<TopicPartition, Long> ends, Predicate<String> wanted, Consumer<EventRecord<V>> reader) {
        try (LogCursor<V> cursor = new LogCursor<>(kafka, serdes, topic, Map.of(), ends, wanted)) {
            cursor.forEachRemaining(reader);
        }
    }

    /**
     * The events of a topic, one by one; the caller closes the cursor.
     *
     * @param starts the offset of the first record to read, by partition; the first on the log if there is no entry
     */
    public <V extends SpecificRecord> LogCursor<V> from(
            Topic<V> topic, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        return new LogCursor<>(kafka, serdes, topic, starts, ends, key -> true);
    }
}
