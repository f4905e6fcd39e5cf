package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
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
        try (LogCursor<V> cursor = new LogCursor<>(records(topic, Map.of(), ends), serdes, topic, wanted)) {
            cursor.forEachRemaining(reader);
        }
    }

    /**
     * The ends of the one partition of a topic that has the records of a key, if all of its producers use Kafka's default
     * partitioner.
     */
    public static Map<TopicPartition, Long> partitionOf(String key, Topic<?> topic, Map<TopicPartition, Long> ends) {
        int partition = BuiltInPartitioner.partitionForKey(key.getBytes(UTF_8), topic.partitions());
        Map<TopicPartition, Long> only = new HashMap<>(ends);
        only.keySet().retainAll(Set.of(new TopicPartition(topic.name(), partition)));
        return only;
    }

    /**
     * The events of a topic, one by one; the caller closes the cursor.
     *
     * @param starts the offset of the first record to read, by partition; the first on the log if there is no entry
     */
    public <V extends SpecificRecord> LogCursor<V> from(
            Topic<V> topic, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        return new LogCursor<>(records(topic, starts, ends), serdes, topic, key -> true);
    }

    /** The records of a topic as bytes, one by one; the caller closes the cursor. */
    public RecordCursor records(Topic<?> topic, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        return new RecordCursor(kafka, topic.name(), starts, ends);
    }
}
