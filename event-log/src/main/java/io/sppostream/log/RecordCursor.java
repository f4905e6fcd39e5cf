package io.sppostream.log;

import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Iterates over the records of a topic between offsets, as bytes, in order within a partition. It waits for transactions
 * that are open before the end. Not thread-safe.
 */
public final class RecordCursor implements Iterator<ConsumerRecord<byte[], byte[]>>, AutoCloseable {
    private static final int FETCH_BYTES = 8 << 20;

    private final KafkaSettings kafka;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final Consumer<byte[], byte[]> consumer;
    private Iterator<ConsumerRecord<byte[], byte[]>> polled = Collections.emptyIterator();

    /** The next record, if {@link #hasNext} has found it. */
    private @Nullable ConsumerRecord<byte[], byte[]> next;

    RecordCursor(KafkaSettings kafka, String topic, Map<TopicPartition, Long> starts, Map<TopicPartition, Long> ends) {
        this.kafka = kafka;
        ends.forEach((partition, end) -> {
            if (partition.topic().equals(topic) && end > starts.getOrDefault(partition, 0L)) {
                this.ends.put(partition, end);
            }
        });
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
     * Whether another record follows.
     *
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    @Override
    public boolean hasNext() {
        while (next == null) {
            if (polled.hasNext()) {
                ConsumerRecord<byte[], byte[]> record = polled.next();
                next = isBeforeEnd(record) ? record : null;
            } else if (atEnd()) {
                return false;
            } else {
                poll();
            }
        }
        return true;
    }

    private void poll() {
        StallDetector stalls = new StallDetector(kafka, consumer);
        while (!polled.hasNext() && !atEnd()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(200));
            polled = records.iterator();
            stalls.polled(!records.isEmpty(), ends.keySet());
        }
    }

    private boolean isBeforeEnd(ConsumerRecord<byte[], byte[]> record) {
        return record.offset() < ends.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L);
    }

    private boolean atEnd() {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    @Override
    public ConsumerRecord<byte[], byte[]> next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        ConsumerRecord<byte[], byte[]> record = next;
        next = null;
        return record;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
