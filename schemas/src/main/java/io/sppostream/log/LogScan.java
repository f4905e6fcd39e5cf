package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads topics as they were at a moment: from one offset of each partition to another, committed transactions only. A
 * transaction that was open at the end is waited for, since only its outcome says whether its records are there.
 * Reading takes no part in any group, and may be done by several threads at once.
 */
public record LogScan(KafkaSettings kafka, EventSerdes serdes) {
    /** Longer than the broker lets a transaction of a killed role stay open. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int FETCH_BYTES = 8 << 20;

    /**
     * Hands every event of a topic to a reader, in order within a partition.
     *
     * @param ends the offset after the last record to read, by partition; what is not named is not read
     * @return how many records could not be decoded and were passed over
     * @throws LogException where a transaction stays open for too long
     */
    public <V extends SpecificRecord> long read(
            Topic<V> topic, Map<TopicPartition, Long> ends, Consumer<Received<V>> reader) {
        return read(topic, Map.of(), ends, key -> true, reader);
    }

    /**
     * Hands those events of a topic to a reader whose key is wanted, without decoding the others.
     *
     * @param starts the offset of the first record to read, by partition; the first there is where none is named
     */
    public <V extends SpecificRecord> long read(
            Topic<V> topic,
            Map<TopicPartition, Long> starts,
            Map<TopicPartition, Long> ends,
            Predicate<String> wanted,
            Consumer<Received<V>> reader) {
        EventDecoder decoder = new EventDecoder(serdes, List.of(topic));
        Map<TopicPartition, Long> left = new HashMap<>();
        ends.forEach((partition, end) -> {
            if (partition.topic().equals(topic.name()) && end > starts.getOrDefault(partition, 0L)) {
                left.put(partition, end);
            }
        });
        long unreadable = 0;
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(left.keySet());
            consumer.seekToBeginning(left.keySet());
            starts.forEach((partition, start) -> {
                if (left.containsKey(partition)) {
                    consumer.seek(partition, start);
                }
            });
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (left.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                var records = consumer.poll(Duration.ofMillis(200));
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    unreadable += hand(decoder, record, ends, wanted, reader) ? 0 : 1;
                }
                if (!records.isEmpty()) {
                    deadline = System.nanoTime() + PATIENCE.toNanos();
                } else if (System.nanoTime() > deadline) {
                    throw new LogException(left.keySet() + ": a transaction is open for more than "
                            + PATIENCE.toSeconds() + " s; is its role alive, or is the transaction.timeout.ms longer?");
                }
            }
        }
        return unreadable;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        Map<String, Object> settings = kafka.consumer();
        settings.putIfAbsent(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** False where the record can't be decoded. */
    @SuppressWarnings("unchecked")
    private static <V extends SpecificRecord> boolean hand(
            EventDecoder decoder,
            ConsumerRecord<byte[], byte[]> record,
            Map<TopicPartition, Long> ends,
            Predicate<String> wanted,
            Consumer<Received<V>> reader) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        if (record.offset() >= ends.getOrDefault(partition, 0L)
                || (record.key() != null && !wanted.test(new String(record.key(), UTF_8)))) {
            return true;
        }
        Received<?> received;
        try {
            received = decoder.decode(record);
        } catch (SerializationException e) {
            return false;
        }
        reader.accept((Received<V>) received);
        return true;
    }
}
