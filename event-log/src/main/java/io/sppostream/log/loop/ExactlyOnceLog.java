package io.sppostream.log.loop;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.EventDecoder;
import io.sppostream.log.EventEncoder;
import io.sppostream.log.EventRecord;
import io.sppostream.log.GroupInstance;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
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
 * Both ends of a consume-transform-produce loop: consumed offsets and produced events commit together or not at all.
 * Records that cannot be decoded are sent to the DLQ in the same transaction. Close it after an exception: the next one
 * resumes from the last commit. Not thread-safe, except for {@link #wakeup}.
 */
public final class ExactlyOnceLog implements AutoCloseable {
    /** More than Kafka adds to the bytes of a key and a value: headers of the record and of its batch. */
    private static final int RECORD_OVERHEAD = 256;

    /** Records of so many bytes fit every topic, unless it was configured to take less than Kafka's default of 1 MiB. */
    private static final int ALWAYS_FITS = 1_000_000;

    private final KafkaSettings kafka;

    /** Id of the role in its namespace. */
    private final String role;

    private final @Nullable GroupInstance member;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final EventEncoder encoder;
    private final EventDecoder decoder;
    private final LogObserver observer;
    private final List<ProducerRecord<byte[], byte[]>> deferred = new ArrayList<>();
    private final Duration timeout;

    /** Most bytes of a record, by topic, as far as anybody asked. */
    private final Map<String, Integer> taken = new HashMap<>();

    /** Number of partitions that the group has given this member; -1 before it has. Read by other threads. */
    private volatile int assigned = -1;

    /** When the open transaction began; null if none is open. */
    private @Nullable Instant begun;

    private ExactlyOnceLog(
            RunLog runLog,
            String role,
            Map<String, Object> producer,
            @Nullable GroupInstance member,
            List<Topic<? extends SpecificRecord>> inputs) {
        this.kafka = runLog.kafka();
        this.role = role;
        this.member = member;
        this.encoder = new EventEncoder(runLog.serdes());
        this.producer = kafka.clients().producer(producer);
        this.timeout = Duration.ofMillis(
                Long.parseLong(String.valueOf(producer.get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG))));
        this.producer.initTransactions();
        this.consumer = kafka.clients().consumer(member == null ? kafka.consumer(role) : kafka.consumer(role, member));
        this.decoder = new EventDecoder(runLog.serdes(), inputs);
        this.observer = runLog.serdes().observer();
    }

    /**
     * A loop that shares its inputs with other loops of its role, as members of one consumer group.
     *
     * @param role name of the role, as in {@link io.sppostream.events.catalogue.RoleName}
     * @param stateDirectory where members keep their {@link GroupInstance} ids
     * @param onRevoked receives partitions that this loop no longer reads, during a poll. Their polled events that are not
     *     committed must be discarded: another loop reads them again, or this one, if the partitions come back
     */
    public static ExactlyOnceLog shared(
            RunLog runLog,
            String role,
            Path stateDirectory,
            List<Topic<? extends SpecificRecord>> inputs,
            java.util.function.Consumer<Collection<TopicPartition>> onRevoked) {
        String group = runLog.topics().application(role);
        GroupInstance member = GroupInstance.take(stateDirectory, group);
        ExactlyOnceLog log = new ExactlyOnceLog(
                runLog, group, runLog.kafka().transactionalProducer(member.id(), Duration.ZERO), member, inputs);
        log.consumer.subscribe(log.decoder.topics(), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                onRevoked.accept(partitions);
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                log.assigned = log.consumer.assignment().size();
            }
        });
        return log;
    }

    /**
     * The only writer of a role that has no inputs. As with {@link #sole}, opening it fences an earlier one, whose next
     * {@link #send} or {@link #commit} fails. It must not be polled.
     *
     * @param role name of the role, as in {@link io.sppostream.events.catalogue.RoleName}
     */
    public static ExactlyOnceLog writer(RunLog runLog, String role) {
        return sole(runLog, role, List.of(), Duration.ZERO);
    }

    /**
     * The only loop of its role: it reads all partitions of its inputs. Opening it aborts the open transaction of an
     * earlier loop of the role, and fences that loop if it is still running: it cannot commit any more.
     *
     * @param role name of the role, as in {@link io.sppostream.events.catalogue.RoleName}
     * @param open how long a transaction may stay open, in addition to the time it takes to send a batch of events
     */
    public static ExactlyOnceLog sole(
            RunLog runLog, String role, List<Topic<? extends SpecificRecord>> inputs, Duration open) {
        String id = runLog.topics().application(role);
        ExactlyOnceLog log =
                new ExactlyOnceLog(runLog, id, runLog.kafka().transactionalProducer(id, open), null, inputs);
        // Assigned, not subscribed: partitions are not shared, and there is no session of a dead member to wait for.
        log.consumer.assign(inputs.stream()
                .flatMap(topic -> IntStream.range(0, topic.partitions())
                        .mapToObj(partition -> new TopicPartition(topic.name(), partition)))
                .toList());
        return log;
    }

    /** Moves to an offset of an input's partition, whatever offset is committed. */
    public void seek(Topic<?> topic, int partition, long offset) {
        consumer.seek(new TopicPartition(topic.name(), partition), offset);
    }

    /** The next events, in order within a partition; empty if none arrived within the timeout. */
    public List<EventRecord<?>> poll(Duration timeout) {
        List<EventRecord<?>> events = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            try {
                events.add(decoder.decode(record));
            } catch (SerializationException e) {
                // Sent with the next commit, so that no transaction is open while the loop works.
                deferred.add(DeadLetters.of(record, role, e));
                observer.deadLetter();
            }
        }
        return events;
    }

    /** Polls return no events until {@link #resume}, but keep this loop's membership of its group alive. */
    public void pause() {
        consumer.pause(consumer.assignment());
    }

    /** Polls return events again. */
    public void resume() {
        consumer.resume(consumer.paused());
    }

    /**
     * Polls return no more events of a topic until {@link #resume(Topic)}, while the other inputs are read on. A loop that
     * shares its inputs repeats it before each poll, since partitions that a rebalance assigns are not paused.
     */
    public void pause(Topic<?> topic) {
        consumer.pause(partitions(consumer.assignment(), topic));
    }

    /** Polls return events of a topic again. */
    public void resume(Topic<?> topic) {
        consumer.resume(partitions(consumer.paused(), topic));
    }

    private static List<TopicPartition> partitions(Set<TopicPartition> of, Topic<?> topic) {
        return of.stream()
                .filter(partition -> partition.topic().equals(topic.name()))
                .toList();
    }

    /** The partitions that this loop reads; polls may change them. */
    public Set<TopicPartition> assignment() {
        return consumer.assignment();
    }

    /**
     * Whether this loop, one of {@link #shared}, is a member of its group. A group may give a member no partition, if there
     * are more members than partitions. Thread-safe.
     */
    public Readiness membership() {
        int partitions = assigned;
        return partitions < 0
                ? new Readiness(false, "joining the group")
                : new Readiness(true, "member of the group, partitions assigned: " + partitions);
    }

    /** Whether events were sent, or deferred to the next commit, since the last commit. */
    public boolean uncommitted() {
        return begun != null || !deferred.isEmpty();
    }

    /**
     * Sends an event in the transaction, which begins with the first one.
     *
     * @return completes with the event's offset, once it is acknowledged
     * @throws TakenOverException if another sole loop of the role has taken over
     * @throws StalledException if the cluster has aborted the transaction because it was open for too long
     */
    public <V extends SpecificRecord> Future<RecordMetadata> send(Topic<V> topic, String key, V event) {
        return send(encoder.encode(topic, key, event));
    }

    private Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
        return unlessFenced(() -> {
            begin();
            return producer.send(record);
        });
    }

    /**
     * Sends an event in the transaction, unless its record is too large. A record that the log does not accept would end
     * the transaction, and so would it the next time.
     *
     * @param mostBytes most bytes of the record; the topic may take fewer
     * @return empty if it was sent; otherwise why not, in words
     */
    public <V extends SpecificRecord> Optional<String> sendIfFits(Topic<V> topic, String key, V event, int mostBytes) {
        ProducerRecord<byte[], byte[]> record = encoder.encode(topic, key, event);
        int bytes = RECORD_OVERHEAD + record.key().length + record.value().length;
        int most = mostBytes;
        if (bytes > ALWAYS_FITS) {
            most = Math.min(most, taken.computeIfAbsent(topic.name(), name -> maxMessageBytes(topic)));
        }
        if (bytes > most) {
            return Optional.of("a record of " + bytes + " bytes: " + topic.name() + " takes at most " + most);
        }
        send(record);
        return Optional.empty();
    }

    private int maxMessageBytes(Topic<?> topic) {
        int request = Integer.parseInt(String.valueOf(kafka.producer().get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG)));
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return Math.min(request, admin.maxMessageBytes(topic));
        }
    }

    /** Sends an event with the next commit, so that no transaction is open until then. */
    public <V extends SpecificRecord> void sendWithCommit(Topic<V> topic, String key, V event) {
        deferred.add(encoder.encode(topic, key, event));
    }

    /** The offset of a sent event; waits until all sent events are acknowledged. */
    public long offset(Future<RecordMetadata> sent) {
        producer.flush();
        return unlessFenced(() -> {
            try {
                return sent.get().offset();
            } catch (ExecutionException e) {
                throw new KafkaException("the log did not accept an event of " + role, e.getCause());
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        });
    }

    /**
     * The offset of the first unconsumed record, by partition: that of its first pending event, or of the next to poll.
     */
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
     * Commits the sent events together with the offsets of all polled events, except for pending ones.
     *
     * @param pending polled events that the loop has not processed; the next loop reads them again
     * @throws TakenOverException if another sole loop of the role has taken over
     * @throws StalledException if the cluster has aborted the transaction because it was open for too long, or the group
     *     has removed this member
     */
    public void commit(Collection<? extends EventRecord<?>> pending) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        consumed(pending).forEach((partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
        unlessFenced(() -> {
            begin();
            deferred.forEach(producer::send);
            deferred.clear();
            // Offsets that arrive before the records are acknowledged wait for them at the coordinator, for a long
            // time.
            producer.flush();
            producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
            producer.commitTransaction();
            return offsets;
        });
        begun = null;
    }

    private <T> T unlessFenced(Supplier<T> action) {
        try {
            return action.get();
        } catch (KafkaException e) {
            if (member != null && e instanceof CommitFailedException) {
                throw new StalledException(role, "its group removed it", e);
            }
            if (!Fencing.isFenced(e)) {
                throw e;
            }
            Duration open = begun == null ? Duration.ZERO : Duration.between(begun, Instant.now());
            if (open.compareTo(timeout) >= 0 && isAbandoned()) {
                throw new StalledException(
                        role,
                        "its transaction, open for " + open.toSeconds() + " s, was aborted after " + timeout.toSeconds()
                                + " s",
                        e);
            }
            throw new TakenOverException(role, e);
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

    /** Makes a poll in another thread throw {@link org.apache.kafka.common.errors.WakeupException} at once. Thread-safe. */
    public void wakeup() {
        consumer.wakeup();
    }

    /** Discards uncommitted work and leaves the group, so that other members take over the inputs at once. */
    @Override
    public void close() {
        // A sole loop has no group to leave, and no reason to wait for a fetch that is waiting for records.
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
