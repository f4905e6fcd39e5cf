package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads topics from their beginning, outside any consumer group: for components that observe the log without processing
 * it. Records that cannot be decoded are skipped, since the role that processes the topic sends them to the DLQ. Not
 * thread-safe.
 */
public final class EventReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventReader.class);

    /** Records that {@link #last} reads in its first step. */
    private static final long FIRST_LOOK_BACK = 32;

    private final KafkaSettings kafka;
    private final Consumer<byte[], byte[]> consumer;
    private final EventDecoder decoder;

    /** A reader for a short look at topics: it answers quickly, at the price of more requests. */
    public EventReader(KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        this(kafka, kafka.lookup(), serdes, topics);
    }

    private EventReader(
            KafkaSettings kafka,
            Map<String, Object> settings,
            EventSerdes serdes,
            List<Topic<? extends SpecificRecord>> topics) {
        this.kafka = kafka;
        consumer = kafka.clients().consumer(settings);
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

    /** A reader that follows topics for a long time. It costs the broker fewer requests, but seeks slowly. */
    public static EventReader following(
            KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        return new EventReader(kafka, kafka.consumer(), serdes, topics);
    }

    /**
     * A reader of all records, with the isolation level {@code read_uncommitted}: it does not wait for open transactions,
     * and also returns records of aborted ones. The caller must be able to tell them apart.
     */
    public static EventReader uncommitted(
            KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        Map<String, Object> settings = kafka.lookup();
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        return new EventReader(kafka, settings, serdes, topics);
    }

    /** The next events, in order within a partition; empty if none arrived within the timeout. */
    public List<EventRecord<?>> poll(Duration timeout) {
        List<EventRecord<?>> events = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            try {
                events.add(decoder.decode(record));
            } catch (SerializationException e) {
                LOG.warn(
                        "{}-{} offset {} skipped: {}",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        LogException.reason(e));
            }
        }
        return events;
    }

    /**
     * Reads the last events of a topic's partition, looking back from its end in growing steps, so that the cost depends
     * on the number of events wanted and not on the length of the topic. Polls continue after these events.
     *
     * @param end the offset after the last record to read; waits for transactions that are open before it
     * @param enough whether these events, in log order, reach back far enough
     * @return the last events; all events of the partition if they are not enough
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    public List<EventRecord<?>> last(Topic<?> topic, int partition, long end, Predicate<List<EventRecord<?>>> enough) {
        TopicPartition only = new TopicPartition(topic.name(), partition);
        Set<TopicPartition> others = new HashSet<>(consumer.assignment());
        others.remove(only);
        consumer.pause(others);
        long begin =
                Objects.requireNonNull(consumer.beginningOffsets(List.of(only)).get(only));
        for (long count = FIRST_LOOK_BACK; ; count *= 8) {
            long from = Math.max(begin, end - count);
            consumer.seek(only, from);
            List<EventRecord<?>> events = pollTo(Map.of(only, end));
            if (from == begin || enough.test(events)) {
                consumer.resume(others);
                return events;
            }
        }
    }

    /**
     * The events from the current position to the given offsets; waits for transactions that are open before them.
     *
     * @param ends the offset after the last record to read, by partition
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    public List<EventRecord<?>> pollTo(Map<TopicPartition, Long> ends) {
        List<EventRecord<?>> events = new ArrayList<>();
        pollTo(ends, events::add);
        return events;
    }

    /** Passes the events of {@link #pollTo(Map)} to a reader, without gathering them. */
    public void pollTo(Map<TopicPartition, Long> ends, java.util.function.Consumer<EventRecord<?>> reader) {
        StallDetector stalls = new StallDetector(kafka, consumer);
        for (List<TopicPartition> left = before(ends); !left.isEmpty(); left = before(ends)) {
            List<EventRecord<?>> some = poll(Duration.ofMillis(200));
            some.forEach(reader);
            stalls.polled(!some.isEmpty(), left);
        }
    }

    /** The partitions whose position is before the given end. */
    private List<TopicPartition> before(Map<TopicPartition, Long> ends) {
        return ends.keySet().stream()
                .filter(partition -> consumer.position(partition) < Objects.requireNonNull(ends.get(partition)))
                .toList();
    }

    /** Moves to an offset of a topic's partition. */
    public void seek(Topic<?> topic, int partition, long offset) {
        consumer.seek(new TopicPartition(topic.name(), partition), offset);
    }

    /** Moves to the first record of a topic that was written at an instant or later, or to its end if there is none. */
    public void seek(Topic<?> topic, Instant writtenAt) {
        Map<TopicPartition, Long> times = new HashMap<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            times.put(new TopicPartition(topic.name(), partition), writtenAt.toEpochMilli());
        }
        // Before the look-up of times, so that records written in between are not missed.
        Map<TopicPartition, Long> ends = consumer.endOffsets(times.keySet());
        Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
        ends.forEach((partition, end) -> {
            OffsetAndTimestamp first = found.get(partition);
            consumer.seek(partition, first == null ? end : first.offset());
        });
    }

    /** The events from the current position to the ends that the topics have now, up to any open transaction. */
    public List<EventRecord<?>> pollToEnd() {
        return pollTo(consumer.endOffsets(consumer.assignment()));
    }

    /** Passes the events of {@link #pollToEnd()} to a reader, without gathering them. */
    public void pollToEnd(java.util.function.Consumer<EventRecord<?>> reader) {
        pollTo(consumer.endOffsets(consumer.assignment()), reader);
    }

    /** The offset of the first record that a partition still has. */
    public long begin(Topic<?> topic, int partition) {
        return consumer.beginningOffsets(List.of(new TopicPartition(topic.name(), partition))).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The offset after a partition's last record, up to any open transaction. */
    public long end(Topic<?> topic, int partition) {
        return consumer.endOffsets(List.of(new TopicPartition(topic.name(), partition))).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The offsets after the last records of a topic, summed over its partitions; 0 if it has never had a record. */
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
        // There is no group to leave, and no reason to wait for a fetch that is waiting for records.
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
