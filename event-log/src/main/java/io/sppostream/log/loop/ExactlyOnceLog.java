package io.sppostream.log.loop;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.EventDecoder;
import io.sppostream.log.EventEncoder;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.GroupInstance;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/**
 * Both ends of a consume-transform-produce loop: what it reads and what it writes commit together or not at all. A
 * record that can't be decoded goes to its topic's dead letters in the same transaction. For one thread; after an
 * exception, close it: what was not committed is read again by the next one.
 */
public final class ExactlyOnceLog implements AutoCloseable {
    private final KafkaSettings kafka;
    private final String role;
    private final @Nullable GroupInstance member;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final EventEncoder encoder;
    private final EventDecoder decoder;
    private final List<ProducerRecord<byte[], byte[]>> deferred = new ArrayList<>();
    private final Duration timeout;

    /** When the open transaction was begun; null where none is. */
    private @Nullable Instant begun;

    private ExactlyOnceLog(
            KafkaSettings kafka,
            EventSerdes serdes,
            String role,
            Map<String, Object> producer,
            @Nullable GroupInstance member,
            List<Topic<? extends SpecificRecord>> inputs) {
        this.kafka = kafka;
        this.role = role;
        this.member = member;
        this.encoder = new EventEncoder(serdes);
        this.producer = kafka.clients().producer(producer);
        this.timeout = Duration.ofMillis(
                Long.parseLong(String.valueOf(producer.get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG))));
        this.producer.initTransactions();
        this.consumer = kafka.clients().consumer(member == null ? kafka.consumer(role) : kafka.consumer(role, member));
        this.decoder = new EventDecoder(serdes, inputs);
    }

    /**
     * A loop that shares its inputs with others of its role, as members of one consumer group.
     *
     * @param role the role's name in its namespace
     * @param stateDirectory where members keep what they are called
     */
    public static ExactlyOnceLog shared(
            KafkaSettings kafka,
            EventSerdes serdes,
            String role,
            Path stateDirectory,
            List<Topic<? extends SpecificRecord>> inputs) {
        GroupInstance member = GroupInstance.take(stateDirectory, role);
        ExactlyOnceLog log = new ExactlyOnceLog(
                kafka, serdes, role, kafka.transactionalProducer(member.id(), Duration.ZERO), member, inputs);
        log.consumer.subscribe(log.decoder.topics());
        return log;
    }

    /**
     * The one loop of its role: it reads all of its inputs. When it is open, what an earlier one had not committed is
     * undone, and that one, should it live on, can commit nothing more.
     *
     * @param role the role's name in its namespace
     * @param open how long a transaction may be open, over what it takes to send a batch of events
     */
    public static ExactlyOnceLog sole(
            KafkaSettings kafka,
            EventSerdes serdes,
            String role,
            List<Topic<? extends SpecificRecord>> inputs,
            Duration open) {
        ExactlyOnceLog log =
                new ExactlyOnceLog(kafka, serdes, role, kafka.transactionalProducer(role, open), null, inputs);
        // Without a group's members: there is nobody to share with, and no session of a dead one to wait for.
        log.consumer.assign(inputs.stream()
                .flatMap(topic -> IntStream.range(0, topic.partitions())
                        .mapToObj(partition -> new TopicPartition(topic.name(), partition)))
                .toList());
        return log;
    }

    /** Continues a partition of an input at an offset, whatever was committed. */
    public void seek(Topic<?> topic, int partition, long offset) {
        consumer.seek(new TopicPartition(topic.name(), partition), offset);
    }

    /** The next events, in order within a partition; empty where none came within the timeout. */
    public List<EventRecord<?>> poll(Duration timeout) {
        List<EventRecord<?>> events = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            try {
                events.add(decoder.decode(record));
            } catch (SerializationException e) {
                // Sent with the next commit: a transaction is not to be open while work is done.
                deferred.add(DeadLetters.of(
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

    /** Polls bring no events until {@link #resume}, but keep this loop's place in its group. */
    public void pause() {
        consumer.pause(consumer.assignment());
    }

    /** Polls bring events again. */
    public void resume() {
        consumer.resume(consumer.paused());
    }

    /** The partitions this loop works on; polls change it. */
    public Set<TopicPartition> assignment() {
        return consumer.assignment();
    }

    /** Whether something was sent, or is to be sent with the next commit, that is not committed. */
    public boolean uncommitted() {
        return begun != null || !deferred.isEmpty();
    }

    /**
     * Writes an event within the transaction; its offset is known once it is acknowledged.
     *
     * @throws LogException where another sole loop of the role has taken over
     * @throws StalledException where the cluster has ended the transaction since it was open for too long
     */
    public <V extends SpecificRecord> Future<RecordMetadata> send(Topic<V> topic, String key, V event) {
        ProducerRecord<byte[], byte[]> record = encoder.encode(topic, key, event);
        return unlessEnded(() -> {
            begin();
            return producer.send(record);
        });
    }

    /** Writes an event with the next commit: no transaction is open while the loop works towards it. */
    public <V extends SpecificRecord> void sendWithCommit(Topic<V> topic, String key, V event) {
        deferred.add(encoder.encode(topic, key, event));
    }

    /** The offset of an event that was sent; waits for all that were. */
    public long offset(Future<RecordMetadata> sent) {
        producer.flush();
        return unlessEnded(() -> {
            try {
                return sent.get().offset();
            } catch (ExecutionException e) {
                throw new KafkaException("an event of " + role + " was not accepted", e.getCause());
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        });
    }

    /** For every partition, the offset of the first record not consumed: the first of the pending ones, or the next. */
    public Map<TopicPartition, Long> consumed(Collection<? extends EventRecord<?>> pending) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (TopicPartition partition : consumer.assignment()) {
            offsets.put(partition, consumer.position(partition));
        }
        for (EventRecord<?> event : pending) {
            offsets.merge(new TopicPartition(event.topic(), event.partition()), event.offset(), Math::min);
        }
        return offsets;
    }

    /**
     * Commits what was sent together with everything polled, but for what is still pending.
     *
     * @param pending polled events that are to be read again should this loop end here
     * @throws LogException where another sole loop of the role has taken over
     * @throws StalledException where the cluster has ended the transaction since it was open for too long, or the
     *     group has gone on without this member
     */
    public void commit(Collection<? extends EventRecord<?>> pending) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        consumed(pending).forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        unlessEnded(() -> {
            begin();
            deferred.forEach(producer::send);
            deferred.clear();
            // Offsets sent while records are still on their way wait for them at the coordinator, for long.
            producer.flush();
            producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
            producer.commitTransaction();
            return offsets;
        });
        begun = null;
    }

    private <T> T unlessEnded(Supplier<T> action) {
        try {
            return action.get();
        } catch (KafkaException e) {
            if (member != null && e instanceof CommitFailedException) {
                throw new StalledException(role, "its group went on without it", e);
            }
            if (!Fencing.isFenced(e)) {
                throw e;
            }
            Duration open = begun == null ? Duration.ZERO : Duration.between(begun, Instant.now());
            if (open.compareTo(timeout) >= 0 && isAbandoned()) {
                throw new StalledException(
                        role,
                        "its transaction, open for " + open.toSeconds() + " s, was ended after " + timeout.toSeconds()
                                + " s",
                        e);
            }
            throw new LogException(
                    "another " + role + " has been started and has taken over: there can be one of it, so this"
                            + " one stops, and what it had not committed counts for nothing",
                    e);
        }
    }

    private boolean isAbandoned() {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return admin.isAbandoned(member == null ? role : member.id());
        }
    }

    private void begin() {
        if (begun == null) {
            producer.beginTransaction();
            begun = Instant.now();
        }
    }

    /** Makes a poll in another thread return at once by {@link org.apache.kafka.common.errors.WakeupException}. */
    public void wakeup() {
        consumer.wakeup();
    }

    /** Drops what was not committed, and leaves the group: others go on with the inputs at once. */
    @Override
    public void close() {
        // The one of its role has nobody to take leave of, and need not wait for a fetch that waits for news.
        consumer.close(
                member == null
                        ? CloseOptions.timeout(Duration.ZERO)
                        : CloseOptions.groupMembershipOperation(GroupMembershipOperation.LEAVE_GROUP));
        producer.close(Duration.ofSeconds(5));
        if (member != null) {
            member.close();
        }
    }
}
