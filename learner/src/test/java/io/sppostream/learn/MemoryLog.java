package io.sppostream.learn;

import io.sppostream.log.KafkaClients;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.jspecify.annotations.Nullable;

/**
 * A log in memory with transactions, as a broker keeps it: what a transaction wrote is seen when it is committed, an
 * open one holds back what lies behind it, and a producer that starts under a transactional id aborts and fences the
 * one before. Any call of a client may be the one at which its process is killed. For one thread.
 */
final class MemoryLog implements KafkaClients {

    /** The process is killed here. */
    static final class Killed extends Error {
        Killed() {
            super("killed");
        }
    }

    private enum Fate {
        OPEN,
        COMMITTED,
        ABORTED
    }

    private static final class Transaction {
        private final Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        private Fate fate = Fate.OPEN;
        private @Nullable String group;
    }

    /** @param transaction that wrote it; null for none */
    private record Entry(byte[] key, byte[] value, @Nullable Transaction transaction) {
        private boolean isOpen() {
            return transaction != null && transaction.fate == Fate.OPEN;
        }

        private boolean isVisible() {
            return transaction == null || transaction.fate == Fate.COMMITTED;
        }
    }

    private final Random random;
    private final Map<TopicPartition, List<Entry>> entries = new HashMap<>();
    private final Map<TopicPartition, Long> begins = new HashMap<>();
    private final Map<String, Map<TopicPartition, OffsetAndMetadata>> committed = new HashMap<>();
    private final Map<String, MemoryProducer> producers = new HashMap<>();

    /** Calls left before the kill; negative for none to come. */
    private int callsLeft = -1;

    MemoryLog(Random random) {
        this.random = random;
    }

    /** Has the process that makes the so many-th call from now killed at it. */
    void killAfter(int calls) {
        callsLeft = calls;
    }

    /** Has nothing killed any more. */
    void spare() {
        callsLeft = -1;
    }

    private void call() {
        if (callsLeft >= 0 && callsLeft-- == 0) {
            throw new Killed();
        }
    }

    /** Appends a record outside of any transaction. */
    void append(TopicPartition partition, byte[] key, byte[] value) {
        entries(partition).add(new Entry(key, value, null));
    }

    private List<Entry> entries(TopicPartition partition) {
        return entries.computeIfAbsent(partition, any -> new ArrayList<>());
    }

    private long begin(TopicPartition partition) {
        return begins.getOrDefault(partition, 0L);
    }

    /** The offset of the first record of an open transaction, or the end. */
    private long stableEnd(TopicPartition partition) {
        List<Entry> all = entries(partition);
        int end = 0;
        while (end < all.size() && !all.get(end).isOpen()) {
            end++;
        }
        return end;
    }

    @Override
    public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
        return new MemoryConsumer(
                settings.containsKey("group.id"), "read_committed".equals(settings.get("isolation.level")));
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
                    case "listOffsets" -> ends((Map<?, ?>) arguments[0]);
                    case "deleteRecords" -> delete((Map<?, ?>) arguments[0]);
                    case "close" -> null;
                    default -> throw new UnsupportedOperationException(method.toString());
                });
    }

    private ListOffsetsResult ends(Map<?, ?> partitions) {
        Map<TopicPartition, KafkaFuture<ListOffsetsResultInfo>> ends = new HashMap<>();
        for (Object partition : partitions.keySet()) {
            long end = entries((TopicPartition) partition).size();
            ends.put(
                    (TopicPartition) partition,
                    KafkaFuture.completedFuture(new ListOffsetsResultInfo(end, 0, Optional.empty())));
        }
        return new ListOffsetsResult(ends);
    }

    private DeleteRecordsResult delete(Map<?, ?> partitions) {
        Map<TopicPartition, KafkaFuture<DeletedRecords>> deleted = new HashMap<>();
        partitions.forEach((partition, before) -> {
            long offset = ((RecordsToDelete) before).beforeOffset();
            begins.merge((TopicPartition) partition, offset, Math::max);
            deleted.put((TopicPartition) partition, KafkaFuture.completedFuture(new DeletedRecords(offset)));
        });
        return new DeleteRecordsResult(deleted);
    }

    /** Reads some records at a time. */
    private final class MemoryConsumer extends MockConsumer<byte[], byte[]> {
        private final boolean member;
        private final boolean committedOnly;
        private final Map<TopicPartition, Long> positions = new LinkedHashMap<>();
        private final Set<TopicPartition> paused = new HashSet<>();

        /** @param member whether it begins where its group, of which there is one, has committed */
        private MemoryConsumer(boolean member, boolean committedOnly) {
            super("earliest");
            this.member = member;
            this.committedOnly = committedOnly;
        }

        private long end(TopicPartition partition) {
            return committedOnly ? stableEnd(partition) : entries(partition).size();
        }

        @Override
        public synchronized void assign(Collection<TopicPartition> partitions) {
            for (TopicPartition partition : partitions) {
                OffsetAndMetadata offset = !member
                        ? null
                        : committed
                                .getOrDefault(groupMetadata().groupId(), Map.of())
                                .get(partition);
                positions.put(partition, offset == null ? begin(partition) : offset.offset());
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
            positions.replaceAll((partition, position) -> {
                if (paused.contains(partition)) {
                    return position;
                }
                long next = Math.max(position, begin(partition));
                long end = Math.min(end(partition), next + 1 + random.nextInt(8));
                for (; next < end; next++) {
                    Entry entry = entries(partition).get((int) next);
                    if (!committedOnly || entry.isVisible()) {
                        records.computeIfAbsent(partition, any -> new ArrayList<>())
                                .add(new ConsumerRecord<>(
                                        partition.topic(), partition.partition(), next, entry.key(), entry.value()));
                    }
                }
                return next;
            });
            return new ConsumerRecords<>(records, Map.of());
        }

        @Override
        public synchronized void seek(TopicPartition partition, long offset) {
            positions.put(partition, offset);
        }

        @Override
        public synchronized void seekToBeginning(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> positions.put(partition, begin(partition)));
        }

        @Override
        public synchronized long position(TopicPartition partition) {
            return Objects.requireNonNull(positions.get(partition));
        }

        @Override
        public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            partitions.forEach(partition -> offsets.put(partition, begin(partition)));
            return offsets;
        }

        @Override
        public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            partitions.forEach(partition -> offsets.put(partition, end(partition)));
            return offsets;
        }

        @Override
        public synchronized void pause(Collection<TopicPartition> partitions) {
            paused.addAll(partitions);
        }

        @Override
        public synchronized void resume(Collection<TopicPartition> partitions) {
            paused.removeAll(partitions);
        }

        @Override
        public void close() {}
    }

    /** The sole producer of a transactional id, until another is. */
    private final class MemoryProducer extends MockProducer<byte[], byte[]> {
        private final String id;
        private @Nullable Transaction transaction;

        private MemoryProducer(String id) {
            this.id = id;
        }

        @Override
        public void initTransactions() {
            call();
            MemoryProducer before = producers.put(id, this);
            if (before != null) {
                before.end(Fate.ABORTED);
            }
        }

        @Override
        public void beginTransaction() {
            transaction = new Transaction();
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
            return send(record, null);
        }

        @Override
        public synchronized Future<RecordMetadata> send(
                ProducerRecord<byte[], byte[]> record, @Nullable Callback callback) {
            call();
            requireNotFenced();
            TopicPartition partition = new TopicPartition(record.topic(), 0);
            List<Entry> all = entries(partition);
            all.add(new Entry(record.key(), record.value(), Objects.requireNonNull(transaction)));
            return CompletableFuture.completedFuture(new RecordMetadata(partition, all.size() - 1, 0, 0, 0, 0));
        }

        @Override
        public synchronized void flush() {
            call();
        }

        @Override
        public void sendOffsetsToTransaction(
                Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
            call();
            requireNotFenced();
            Transaction open = Objects.requireNonNull(transaction);
            open.offsets.putAll(offsets);
            open.group = group.groupId();
        }

        /** Killed on the way, a process does not know whether the broker has committed; both happen. */
        @Override
        public void commitTransaction() {
            call();
            requireNotFenced();
            Transaction open = Objects.requireNonNull(transaction);
            if (open.group != null) {
                committed.computeIfAbsent(open.group, any -> new HashMap<>()).putAll(open.offsets);
            }
            end(Fate.COMMITTED);
            call();
        }

        private void end(Fate fate) {
            if (transaction != null && transaction.fate == Fate.OPEN) {
                transaction.fate = fate;
            }
            transaction = null;
        }

        private void requireNotFenced() {
            if (producers.get(id) != this) {
                throw new ProducerFencedException("another producer of " + id + " has started");
            }
        }

        @Override
        public void close(Duration timeout) {}
    }
}
