package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Both ends of a consume-transform-produce loop: what it reads and what it writes commit together or not at all. A
 * record that can't be decoded goes to its topic's dead letters in the same transaction. For one thread; after an
 * exception, close it: what was not committed is read again by the next one.
 */
public final class ExactlyOnceLog implements AutoCloseable {
    private final String role;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;
    private final EventSerdes serdes;
    private final EventDecoder decoder;
    private final Map<String, Serializer<? extends SpecificRecord>> serializers = new HashMap<>();
    private final List<ProducerRecord<byte[], byte[]>> deferred = new ArrayList<>();
    private boolean inTransaction;

    /**
     * @param group consumer group, the role's name in its namespace
     * @param transactionalId a later loop of the same id fences this one
     * @param inputs the topics to read
     */
    public ExactlyOnceLog(
            KafkaSettings kafka,
            EventSerdes serdes,
            String group,
            String transactionalId,
            List<Topic<? extends SpecificRecord>> inputs) {
        this.role = group;
        this.serdes = serdes;
        this.producer = new KafkaProducer<>(
                kafka.transactionalProducer(transactionalId), new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
        this.consumer =
                new KafkaConsumer<>(kafka.consumer(group), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.decoder = new EventDecoder(serdes, inputs);
        consumer.subscribe(decoder.topics());
    }

    /** The next events, in order within a partition; empty where none came within the timeout. */
    public List<Received<?>> poll(Duration timeout) {
        List<Received<?>> events = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            try {
                events.add(decoder.decode(record));
            } catch (SerializationException e) {
                begin();
                producer.send(DeadLetters.of(
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        record.key(),
                        record.value(),
                        record.headers(),
                        role,
                        e));
            }
        }
        return events;
    }

    /**
     * Whether polls bring events. While they don't, they still keep this loop's place in its group.
     *
     * @param wanted false where what was polled before has to be worked off first
     */
    public void want(boolean wanted) {
        if (wanted) {
            consumer.resume(consumer.paused());
        } else {
            consumer.pause(consumer.assignment());
        }
    }

    /** The partitions this loop works on; polls change it. */
    public Set<TopicPartition> assignment() {
        return consumer.assignment();
    }

    /** Whether something was sent, dead letters included, that is not committed. */
    public boolean uncommitted() {
        return inTransaction;
    }

    /** Writes an event within the transaction; its offset is known once it is acknowledged. */
    public <V extends SpecificRecord> Future<RecordMetadata> send(Topic<V> topic, String key, V event) {
        begin();
        return producer.send(record(topic, key, event));
    }

    /** Writes an event with the next commit: no transaction is open while the loop works towards it. */
    public <V extends SpecificRecord> void sendWithCommit(Topic<V> topic, String key, V event) {
        deferred.add(record(topic, key, event));
    }

    private <V extends SpecificRecord> ProducerRecord<byte[], byte[]> record(Topic<V> topic, String key, V event) {
        @SuppressWarnings("unchecked")
        Serializer<V> serializer =
                (Serializer<V>) serializers.computeIfAbsent(topic.name(), name -> serdes.serializer(topic));
        return new ProducerRecord<>(topic.name(), key.getBytes(UTF_8), serializer.serialize(topic.name(), event));
    }

    /** Waits until all that was sent is acknowledged. */
    public void flush() {
        producer.flush();
    }

    /** For every partition, the offset of the first record not consumed: the first of the pending ones, or the next. */
    public Map<TopicPartition, Long> consumed(Collection<? extends Received<?>> pending) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (TopicPartition partition : consumer.assignment()) {
            offsets.put(partition, consumer.position(partition));
        }
        for (Received<?> event : pending) {
            offsets.merge(new TopicPartition(event.topic(), event.partition()), event.offset(), Math::min);
        }
        return offsets;
    }

    /**
     * Commits what was sent together with everything polled, but for what is still pending.
     *
     * @param pending polled events that are to be read again should this loop end here
     * @throws LogException where another loop of the same transactional id has taken over
     */
    public void commit(Collection<? extends Received<?>> pending) {
        begin();
        deferred.forEach(producer::send);
        deferred.clear();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        consumed(pending).forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        // Offsets sent while records are still on their way wait for them at the coordinator, for long.
        producer.flush();
        try {
            producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
            producer.commitTransaction();
        } catch (ProducerFencedException | InvalidProducerEpochException e) {
            throw new LogException("another " + role + " has taken over; this one stops", e);
        }
        inTransaction = false;
    }

    private void begin() {
        if (!inTransaction) {
            producer.beginTransaction();
            inTransaction = true;
        }
    }

    /** Makes a poll in another thread return at once by {@link org.apache.kafka.common.errors.WakeupException}. */
    public void wakeup() {
        consumer.wakeup();
    }

    /** Drops what was not committed. */
    @Override
    public void close() {
        consumer.close();
        producer.close(Duration.ofSeconds(5));
    }
}
