package io.sppostream.learn;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.KafkaClients;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DeleteRecordsResult;
import org.apache.kafka.clients.admin.DeletedRecords;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.jspecify.annotations.Nullable;

/**
 * An in-memory log with transactions, as a broker keeps it. Records of a transaction become visible with its marker, which
 * takes an offset and reaches each partition in its own time. An open transaction holds back the records behind it until
 * it times out. A producer that starts under a transactional id fences the one before, aborts its open transaction and
 * completes the markers of its decided ones. Deletions happen some time after they are requested. Clients write to the
 * first partition of a topic. For one thread.
 */
final class MemoryLog implements KafkaClients {

    /** What happens around the clients of the log. An Error thrown from its methods ends the process of a client. */
    interface World {
        /** A client is about to make a call. */
        void atCall();

        /** A producer is about to commit. */
        void beforeCommit();

        /** The broker has committed a transaction, and its producer does not know yet. */
        void afterCommit();

        /** Whether a request is lost, or its answer. */
        boolean loses();
    }

    /** A world in which nothing happens. */
    static final World QUIET = new World() {
        @Override
        public void atCall() {}

        @Override
        public void beforeCommit() {}

        @Override
        public void afterCommit() {}

        @Override
        public boolean loses() {
            return false;
        }
    };

    private enum Fate {
        OPEN,
        COMMITTED,
        ABORTED
    }

    /** Records and offsets that are committed together, or not at all. */
    final class Transaction {
        private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();

        /** Partitions whose markers are not written yet. */
        private final Set<Partition> unmarked = new LinkedHashSet<>();

        private Fate fate = Fate.OPEN;
        private long decidedAt;

        void append(TopicPartition partition, byte[] key, byte[] value) {
            Partition to = partition(partition);
            unmarked.add(to);
            to.entries.add(new Entry(key, value, now(), 0, this));
        }

        void commit() {
            committed.putAll(offsets);
            decide(Fate.COMMITTED);
        }

        void abort() {
            decide(Fate.ABORTED);
        }

        private void decide(Fate as) {
            if (fate == Fate.OPEN) {
                fate = as;
                decidedAt = ++changes;
                decided.add(this);
            }
        }

        private void mark(Partition partition) {
            partition.entries.add(new Entry(null, null, now(), 0, null));
            unmarked.remove(partition);
            changes++;
        }

        private void markAll() {
            List.copyOf(unmarked).forEach(this::mark);
            decided.remove(this);
        }
    }

    /**
     * One offset of a partition.
     *
     * @param key null for a transaction's marker
     * @param appendedAt when it was appended, in {@link #changes()}
     * @param transaction that wrote it; null if it was written outside of any
     */
    private record Entry(
            byte @Nullable [] key,
            byte @Nullable [] value,
            long timestamp,
            long appendedAt,
            @Nullable Transaction transaction) {

        private boolean isCommitted() {
            return key != null && (transaction == null || transaction.fate == Fate.COMMITTED);
        }
    }

    private static final class Partition {
        private final List<Entry> entries = new ArrayList<>();
        private long begin;
        private int stable;

        /** The offset of the first record whose transaction has no marker yet, or the end of the partition. */
        private int stableEnd() {
            while (stable < entries.size() && !isOpen(entries.get(stable))) {
                stable++;
            }
            return stable;
        }

        private boolean isOpen(Entry entry) {
            return entry.transaction != null && entry.transaction.unmarked.contains(this);
        }
    }

    /**
     * A committed record, whether or not readers see it yet.
     *
     * @param committedAt when it was committed, in {@link #changes()}: equal for records of one transaction
     */
    record Committed(TopicPartition partition, long offset, long committedAt, byte[] key, byte[] value) {}

    private record Deletion(Partition partition, long before, KafkaFutureImpl<DeletedRecords> done) {}

    private final Random random;
    private final Clock clock;
    private final World world;
    private final Map<TopicPartition, Partition> partitions = new HashMap<>();
    private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    private final Map<String, MemoryProducer> producers = new HashMap<>();
    private final List<Transaction> decided = new ArrayList<>();
    private final List<Deletion> deletions = new ArrayList<>();
    private final Map<String, Long> held = new HashMap<>();
    private long changes;
    private boolean prompt;
    private int burst = 8;

    MemoryLog(Random random, Clock clock, World world) {
        this.random = random;
        this.clock = clock;
        this.world = world;
    }

    /** From now on, everything that is requested happens at once. */
    void hurry() {
        prompt = true;
        settle();
    }

    /** From now on, consumers read all records that there are, up to their own limit. */
    void flood() {
        hurry();
        burst = Integer.MAX_VALUE;
    }

    /** The most offsets of one partition of a topic that a member of a group has read and not committed. */
    long held(Topic<?> topic) {
        return held.getOrDefault(topic.name(), 0L);
    }

    /** Counts records written or read, and transactions decided or marked. */
    long changes() {
        return changes;
    }

    Transaction begin() {
        return new Transaction();
    }

    /** Appends a record outside of any transaction. */
    void append(TopicPartition partition, byte[] key, byte[] value) {
        partition(partition).entries.add(new Entry(key, value, now(), ++changes, null));
    }

    /** Replaces a record, to damage it. */
    void replace(TopicPartition partition, long offset, byte[] value) {
        List<Entry> entries = partition(partition).entries;
        Entry entry = entries.get((int) offset);
        entries.set((int) offset, new Entry(entry.key, value, entry.timestamp, entry.appendedAt, entry.transaction));
    }

    /** All committed records of a partition, including deleted ones. */
    List<Committed> committed(TopicPartition partition) {
        List<Committed> records = new ArrayList<>();
        List<Entry> entries = partition(partition).entries;
        for (int offset = 0; offset < entries.size(); offset++) {
            Entry entry = entries.get(offset);
            if (entry.isCommitted()) {
                records.add(new Committed(
                        partition,
                        offset,
                        entry.transaction == null ? entry.appendedAt : entry.transaction.decidedAt,
                        Objects.requireNonNull(entry.key),
                        Objects.requireNonNull(entry.value)));
            }
        }
        return records;
    }

    /** The offset of a partition's first record that is not deleted. */
    long begin(TopicPartition partition) {
        return partition(partition).begin;
    }

    /** The offset at which the only consumer group continues; 0 if it has committed none. */
    long consumed(TopicPartition partition) {
        OffsetAndMetadata offset = committed.get(partition);
        return offset == null ? 0 : offset.offset();
    }

    /** Forgets the offsets of the consumer group, as a broker does when the group has had no members for days. */
    void forgetOffsets() {
        committed.clear();
    }

    private Partition partition(TopicPartition partition) {
        return partitions.computeIfAbsent(partition, any -> new Partition());
    }

    private long now() {
        return clock.millis();
    }

    private void call() {
        world.atCall();
        settle();
    }

    /** Lets the broker work on its pending markers, timeouts and deletions. */
    private void settle() {
        while (!decided.isEmpty() && soon()) {
            Transaction transaction = decided.get(random.nextInt(decided.size()));
            List<Partition> unmarked = List.copyOf(transaction.unmarked);
            if (!unmarked.isEmpty()) {
                transaction.mark(unmarked.get(random.nextInt(unmarked.size())));
            }
            if (transaction.unmarked.isEmpty()) {
                decided.remove(transaction);
            }
        }
        if (random.nextInt(50) == 0) {
            // Transactions of closed producers time out.
            producers.values().forEach(MemoryProducer::timeOut);
        }
        while (!deletions.isEmpty() && soon()) {
            Deletion deletion = deletions.remove(0);
            deletion.partition.begin = Math.max(deletion.partition.begin, deletion.before);
            deletion.done.complete(new DeletedRecords(deletion.before));
        }
    }

    private boolean soon() {
        return prompt || random.nextInt(4) == 0;
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return new MemoryConsumer(
                settings.containsKey("group.id"),
                "read_committed".equals(settings.get("isolation.level")),
                Integer.parseInt(String.valueOf(settings.get("max.poll.records"))));
    }

    @Override
    public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
        return new MemoryProducer(Objects.requireNonNull((String) settings.get("transactional.id")));
    }

    @Override
    public Admin admin(Map<String, Object> settings) {
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(),
                new Class<?>[] {Admin.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "listOffsets" -> ends((Map<?, ?>) arguments[0], (ListOffsetsOptions) arguments[1]);
                    case "deleteRecords" -> delete((Map<?, ?>) arguments[0]);
                    case "close" -> null;
                    default -> throw new UnsupportedOperationException(method.toString());
                });
    }

    private ListOffsetsResult ends(Map<?, ?> of, ListOffsetsOptions options) {
        call();
        Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> ends = new HashMap<>();
        for (Object each : of.keySet()) {
            Partition partition = partition((TopicPartition) each);
            long end = options.isolationLevel() == IsolationLevel.READ_COMMITTED
                    ? partition.stableEnd()
                    : partition.entries.size();
            ends.put(
                    (TopicPartition) each,
                    KafkaFuture.completedFuture(new ListOffsetsResultInfo(end, 0, Optional.empty())));
        }
        return new ListOffsetsResult(ends);
    }

    private DeleteRecordsResult delete(Map<?, ?> of) {
        call();
        Map<TopicPartition, KafkaFuture<DeletedRecords>> deleted = new HashMap<>();
        of.forEach((partition, before) -> {
            KafkaFutureImpl<DeletedRecords> done = new KafkaFutureImpl<>();
            deleted.put((TopicPartition) partition, done);
            if (world.loses()) {
                done.completeExceptionally(new TimeoutException("the request to delete is lost"));
            } else {
                deletions.add(new Deletion(
                        partition((TopicPartition) partition), ((RecordsToDelete) before).beforeOffset(), done));
            }
        });
        return new DeleteRecordsResult(deleted);
    }

    /** Reads a few records at a time, and sometimes none. */
    private final class MemoryConsumer extends MockConsumer<byte[], byte[]> {
        private final boolean member;
        private final boolean committedOnly;
        private final int most;
        private final Map<TopicPartition, Long> positions = new LinkedHashMap<>();
        private final Set<TopicPartition> paused = new HashSet<>();

        /**
         * @param member whether it starts at its group's committed offsets
         * @param most records that it reads at a time
         */
        private MemoryConsumer(boolean member, boolean committedOnly, int most) {
            super("earliest");
            this.member = member;
            this.committedOnly = committedOnly;
            this.most = most;
        }

        @Override
        public synchronized void assign(Collection<TopicPartition> assigned) {
            for (TopicPartition partition : assigned) {
                long offset = member ? consumed(partition) : 0;
                positions.put(partition, Math.max(offset, begin(partition)));
            }
        }

        @Override
        public synchronized Set<TopicPartition> assignment() {
            return positions.keySet();
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            call();
            Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new LinkedHashMap<>();
            int left = most;
            for (Map.Entry<TopicPartition, Long> each : positions.entrySet()) {
                if (!paused.contains(each.getKey())) {
                    long next = read(each.getKey(), each.getValue(), left, records);
                    left -= records.getOrDefault(each.getKey(), List.of()).size();
                    each.setValue(next);
                }
            }
            if (member) {
                positions.forEach((partition, position) ->
                        held.merge(partition.topic(), position - consumed(partition), Math::max));
            }
            return new ConsumerRecords<>(records, Map.of());
        }

        private long end(Partition partition) {
            return committedOnly ? partition.stableEnd() : partition.entries.size();
        }

        private long read(
                TopicPartition partition,
                long position,
                int limit,
                Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records) {
            Partition from = partition(partition);
            int some = Math.min(limit, prompt ? burst : random.nextInt(4) * random.nextInt(4));
            long next = Math.max(position, from.begin);
            long end = Math.min(end(from), next + some);
            changes += Math.max(0, end - next);
            for (; next < end; next++) {
                Entry entry = from.entries.get((int) next);
                if (committedOnly ? entry.isCommitted() : entry.key != null) {
                    records.computeIfAbsent(partition, any -> new ArrayList<>())
                            .add(new ConsumerRecord<>(
                                    partition.topic(), partition.partition(), next, entry.key, entry.value));
                }
            }
            return next;
        }

        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            positions.put(partition, offset);
        }

        @Override
        public synchronized void seekToBeginning(Collection<TopicPartition> of) {
            of.forEach(partition -> positions.put(partition, begin(partition)));
        }

        @Override
        public synchronized long position(TopicPartition partition) {
            return Objects.requireNonNull(positions.get(partition));
        }

        @Override
        public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> of) {
            call();
            Map<TopicPartition, Long> offsets = new HashMap<>();
            of.forEach(partition -> offsets.put(partition, begin(partition)));
            return offsets;
        }

        @Override
        public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> of) {
            call();
            Map<TopicPartition, Long> offsets = new HashMap<>();
            of.forEach(partition -> offsets.put(partition, end(partition(partition))));
            return offsets;
        }

        /** The first record at or after a time; none if it is behind an open transaction. */
        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
            call();
            Map<TopicPartition, OffsetAndTimestamp> offsets = new HashMap<>();
            times.forEach((partition, time) -> {
                Partition in = partition(partition);
                for (int offset = (int) in.begin; offset < end(in); offset++) {
                    long timestamp = in.entries.get(offset).timestamp;
                    if (timestamp >= time) {
                        offsets.put(partition, new OffsetAndTimestamp(offset, timestamp));
                        return;
                    }
                }
            });
            return offsets;
        }

        @Override
        public synchronized void pause(Collection<TopicPartition> of) {
            paused.addAll(of);
        }

        @Override
        public synchronized void resume(Collection<TopicPartition> of) {
            paused.removeAll(Set.copyOf(of));
        }

        @Override
        public synchronized Set<TopicPartition> paused() {
            return paused;
        }

        @Override
        public void close() {}

        @Override
        public void close(CloseOptions options) {}
    }

    /** The only producer of a transactional id, until another one starts. */
    private final class MemoryProducer extends MockProducer<byte[], byte[]> {
        private final String id;
        private @Nullable Transaction transaction;
        private @Nullable KafkaException failure;
        private boolean closed;

        private MemoryProducer(String id) {
            this.id = id;
        }

        @Override
        public void initTransactions() {
            call();
            MemoryProducer before = producers.put(id, this);
            if (before != null && before.transaction != null) {
                before.transaction.abort();
                before.transaction.markAll();
            }
        }

        /** A coordinator completes the markers of a transaction before the next one of its id begins. */
        @Override
        public void beginTransaction() {
            if (transaction != null) {
                transaction.markAll();
            }
            transaction = begin();
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
            return send(record, null);
        }

        /** A record that is lost fails the transaction, not the call. */
        @Override
        public synchronized Future<RecordMetadata> send(
                ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
            call();
            if (isFenced()) {
                failure = new ProducerFencedException("another producer of " + id + " has started");
            } else if (world.loses()) {
                failure = new TimeoutException("a record is lost");
            }
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            TopicPartition partition = new TopicPartition(record.topic(), 0);
            Objects.requireNonNull(transaction).append(partition, record.key(), record.value());
            return CompletableFuture.completedFuture(
                    new RecordMetadata(partition, partition(partition).entries.size() - 1, 0, 0, 0, 0));
        }

        @Override
        public synchronized void flush() {
            call();
        }

        @Override
        public void sendOffsetsToTransaction(
                Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
            call();
            requireSound();
            Objects.requireNonNull(transaction).offsets.putAll(offsets);
        }

        /** A producer that is killed in between, or gets no answer, cannot know whether the broker has committed. */
        @Override
        public void commitTransaction() {
            call();
            world.beforeCommit();
            requireSound();
            if (world.loses()) {
                throw new TimeoutException("the request to commit is lost");
            }
            Objects.requireNonNull(transaction).commit();
            world.afterCommit();
            call();
            if (world.loses()) {
                throw new TimeoutException("the answer to a commit is lost");
            }
        }

        private void timeOut() {
            if (closed && transaction != null) {
                transaction.abort();
            }
        }

        private boolean isFenced() {
            return producers.get(id) != this;
        }

        private void requireSound() {
            if (isFenced()) {
                throw new ProducerFencedException("another producer of " + id + " has started");
            }
            if (failure != null) {
                throw new KafkaException("the transaction has failed", failure);
            }
        }

        @Override
        public void close(Duration timeout) {
            closed = true;
        }
    }
}
