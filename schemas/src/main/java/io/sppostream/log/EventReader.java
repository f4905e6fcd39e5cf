package io.sppostream.log;

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
import org.apache.kafka.clients.consumer.Consumer;
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

    /** Longer than the broker lets a transaction of a killed role stay open. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Consumer<byte[], byte[]> consumer;
    private final EventDecoder decoder;

    public EventReader(KafkaSettings kafka, EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        consumer = kafka.clients().consumer(kafka.consumer());
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

    /**
     * Reads the last events of a topic's partition, from its end backwards in growing steps, and continues after them:
     * the cost is that of what is wanted, not of the topic's length.
     *
     * @param end the offset after the last record to read; a transaction that is open before it is waited for
     * @param enough whether events, in order, reach back far enough
     * @return the last events, or all of them where they are not enough
     * @throws LogException where a transaction stays open for too long
     */
    public List<Received<?>> last(Topic<?> topic, int partition, long end, Predicate<List<Received<?>>> enough) {
        TopicPartition only = new TopicPartition(topic.name(), partition);
        Set<TopicPartition> others = new HashSet<>(consumer.assignment());
        others.remove(only);
        consumer.pause(others);
        long begin =
                Objects.requireNonNull(consumer.beginningOffsets(List.of(only)).get(only));
        for (long count = FIRST_LOOK_BACK; ; count *= 8) {
            long from = Math.max(begin, end - count);
            consumer.seek(only, from);
            List<Received<?>> events = pollTo(Map.of(only, end));
            if (from == begin || enough.test(events)) {
                consumer.resume(others);
                return events;
            }
        }
    }

    /**
     * The events from here to offsets of their partitions; a transaction that is open before them is waited for.
     *
     * @throws LogException where it stays open for too long
     */
    public List<Received<?>> pollTo(Map<TopicPartition, Long> ends) {
        List<Received<?>> events = new ArrayList<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            List<Received<?>> some = poll(Duration.ofMillis(200));
            events.addAll(some);
            if (!some.isEmpty()) {
                deadline = System.nanoTime() + PATIENCE.toNanos();
            } else if (System.nanoTime() > deadline) {
                throw new LogException(ends.keySet() + ": a transaction has been open for more than "
                        + PATIENCE.toSeconds() + " s; its role has to commit it, or to be started again");
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

    /** The events from here to the ends that the topics have at the time of the call, before any open transaction. */
    public List<Received<?>> pollToEnd() {
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
        consumer.close();
    }
}
