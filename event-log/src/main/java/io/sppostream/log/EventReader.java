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
 * Reads whole topics from their beginning, outside any consumer group: for those who follow the log without a share in
 * the work. What can't be decoded is passed over: the role that works on the topic sends it to the dead letters. For
 * one thread.
 */
public final class EventReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventReader.class);

    private static final long FIRST_LOOK_BACK = 32;

    private final KafkaSettings kafka;
    private final Consumer<byte[], byte[]> consumer;
    private final EventDecoder decoder;

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

    /** A reader that follows topics for long. It does so at less cost to the broker, and is slow to be sent elsewhere. */
    public static EventReader following(
            KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        return new EventReader(kafka, kafka.consumer(), serdes, topics);
    }

    /**
     * A reader of what is on topics, committed or not: it waits for no open transaction, and also sees what is aborted.
     * For those who can tell.
     */
    public static EventReader ofAllRecords(
            KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        Map<String, Object> settings = kafka.lookup();
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        return new EventReader(kafka, settings, serdes, topics);
    }

    /** The next events, in order within a partition; empty where none came within the timeout. */
    public List<EventRecord<?>> poll(Duration timeout) {
        List<EventRecord<?>> events = new ArrayList<>();
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

    /**
     * Reads the last events of a topic's partition, from its end backwards in growing steps, and continues after them:
     * the cost is that of what is wanted, not of the topic's length.
     *
     * @param end the offset after the last record to read; a transaction that is open before it is waited for
     * @param enough whether events, in order, reach back far enough
     * @return the last events, or all of them where they are not enough
     * @throws LogException where a transaction stays open for too long, or the broker goes away
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
     * The events from here to offsets of their partitions; a transaction that is open before them is waited for.
     *
     * @throws LogException where it stays open for too long, or the broker goes away
     */
    public List<EventRecord<?>> pollTo(Map<TopicPartition, Long> ends) {
        List<EventRecord<?>> events = new ArrayList<>();
        StallDetector patience = new StallDetector(kafka, consumer);
        for (List<TopicPartition> left = before(ends); !left.isEmpty(); left = before(ends)) {
            List<EventRecord<?>> some = poll(Duration.ofMillis(200));
            events.addAll(some);
            patience.polled(!some.isEmpty(), left);
        }
        return events;
    }

    /** The partitions that are not read to their ends. */
    private List<TopicPartition> before(Map<TopicPartition, Long> ends) {
        return ends.keySet().stream()
                .filter(partition -> consumer.position(partition) < Objects.requireNonNull(ends.get(partition)))
                .toList();
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

    /** The events from here to the ends that the topics have at the time of the call, before any open transaction. */
    public List<EventRecord<?>> pollToEnd() {
        return pollTo(consumer.endOffsets(consumer.assignment()));
    }

    /** The offset of a partition's first record that is there still. */
    public long begin(Topic<?> topic, int partition) {
        return consumer.beginningOffsets(List.of(new TopicPartition(topic.name(), partition))).values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The offset after a partition's last record before any open transaction. */
    public long end(Topic<?> topic, int partition) {
        return consumer.endOffsets(List.of(new TopicPartition(topic.name(), partition))).values().stream()
                .mapToLong(Long::longValue)
                .sum();
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
        // No member of a group has to take leave, and a fetch that waits for news need not be waited for.
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
