package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Iterates over the events of a topic between offsets, in order within a partition. It waits for transactions that are
 * open before the end. Records that cannot be decoded are skipped and counted. Not thread-safe.
 */
public final class LogCursor<V extends SpecificRecord> implements Iterator<EventRecord<V>>, AutoCloseable {
    private static final int FETCH_BYTES = 8 << 20;

    private final KafkaSettings kafka;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final Predicate<String> wanted;
    private final EventDecoder decoder;
    private final Consumer<byte[], byte[]> consumer;
    private final Queue<EventRecord<V>> read = new ArrayDeque<>();
    private long unreadable;

    LogCursor(
            KafkaSettings kafka,
            EventSerdes serdes,
            Topic<V> topic,
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends,
            Predicate<String> wanted) {
        this.kafka = kafka;
        this.wanted = wanted;
        ends.forEach((partition, end) -> {
            if (partition.topic().equals(topic.name()) && end > starts.getOrDefault(partition, 0L)) {
                this.ends.put(partition, end);
            }
        });
        decoder = new EventDecoder(serdes, List.of(topic));
        Map<String, Object> settings = kafka.lookup();
        settings.putIfAbsent(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
        consumer = kafka.clients().consumer(settings);
        consumer.assign(this.ends.keySet());
        consumer.seekToBeginning(this.ends.keySet());
        starts.forEach((partition, start) -> {
            if (this.ends.containsKey(partition)) {
                consumer.seek(partition, start);
            }
        });
    }

    /**
     * Whether another event follows.
     *
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    @Override
    public boolean hasNext() {
        StallDetector stalls = new StallDetector(kafka, consumer);
        while (read.isEmpty() && !atEnd()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(200));
            records.forEach(this::take);
            stalls.polled(!records.isEmpty(), ends.keySet());
        }
        return !read.isEmpty();
    }

    private boolean atEnd() {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    @SuppressWarnings("unchecked")
    private void take(ConsumerRecord<byte[], byte[]> record) {
        long end = ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L);
        if (record.offset() < end && (record.key() == null || wanted.test(new String(record.key(), UTF_8)))) {
            try {
                read.add((EventRecord<V>) decoder.decode(record));
            } catch (SerializationException e) {
                unreadable++;
            }
        }
    }

    @Override
    public EventRecord<V> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return read.remove();
    }

    /** Number of records that could not be decoded so far. */
    public long unreadable() {
        return unreadable;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
