package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.metadata.RegisterBrokerRecord;
import org.apache.kafka.common.metadata.UnregisterBrokerRecord;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Committed records stay visible when the broker is killed while transactions are being committed. */
class KilledBrokerIT {
    private static final int KILLS = 2;
    private static final String TOPIC = "numbers";
    private static final int PARTITIONS = 6;
    private static final int WRITERS = 6;

    @TempDir
    Path data;

    /** Commits transactions of one number to each partition, one after the other, until it is ended. */
    private static final class Writer extends Thread {
        private final Map<String, Object> settings;
        private final int number;
        private final AtomicInteger committed = new AtomicInteger();
        private volatile boolean stopped;

        Writer(Map<String, Object> connection, int number) {
            this.settings = with(connection, "transactional.id", "writer-" + number);
            this.number = number;
            start();
        }

        @Override
        public void run() {
            try (KafkaProducer<byte[], byte[]> producer =
                    new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
                producer.initTransactions();
                while (!stopped) {
                    producer.beginTransaction();
                    byte[] value = ByteBuffer.allocate(8)
                            .putInt(number)
                            .putInt(committed.get())
                            .array();
                    for (int partition = 0; partition < PARTITIONS; partition++) {
                        producer.send(new ProducerRecord<>(TOPIC, partition, null, value));
                    }
                    producer.commitTransaction();
                    committed.incrementAndGet();
                }
            }
        }

        void end() throws InterruptedException {
            stopped = true;
            join();
        }
    }

    @Test
    void shouldShowAllThatWasCommittedWhenTheBrokerIsKilled() throws Exception {
        EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data));
        try {
            int port = Integer.parseInt(cluster.bootstrapServers().split(":", -1)[1]);
            Map<String, Object> servers = cluster.kafka().admin();
            try (Admin admin = Admin.create(servers)) {
                admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                        .all()
                        .get();
                List<Writer> writers = IntStream.range(0, WRITERS)
                        .mapToObj(number -> new Writer(servers, number))
                        .toList();
                for (int kill = 0; kill < KILLS; kill++) {
                    awaitCommits(writers, 20);
                    ProcessHandle.of(BrokerState.read(data.resolve("broker.state"))
                                    .orElseThrow()
                                    .pid())
                            .orElseThrow()
                            .destroyForcibly();
                    cluster.close();
                    cluster = EmbeddedCluster.start(new EmbeddedSettings(data, port, 0));
                    awaitCommits(writers, 2);
                }
                for (Writer writer : writers) {
                    writer.end();
                }
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    List<List<Integer>> seen = read(admin, servers, new TopicPartition(TOPIC, partition));
                    for (Writer writer : writers) {
                        assertThat(seen.get(writer.number))
                                .as("partition %d, writer %d", partition, writer.number)
                                .containsExactlyElementsOf(IntStream.range(0, writer.committed.get())
                                        .boxed()
                                        .toList());
                    }
                }
            }
        } finally {
            cluster.close();
        }
        assertEachKilledBrokerWasUnregistered();
    }

    /** Transactions are lost within a window of milliseconds only, so the unregistration is also checked directly. */
    private void assertEachKilledBrokerWasUnregistered() throws IOException {
        List<Class<?>> expected = new ArrayList<>(List.of(RegisterBrokerRecord.class));
        for (int kill = 0; kill < KILLS; kill++) {
            expected.addAll(List.of(UnregisterBrokerRecord.class, RegisterBrokerRecord.class));
        }
        List<Class<?>> registrations = new ArrayList<>();
        Path log = data.resolve("kafka-logs/__cluster_metadata-0/00000000000000000000.log");
        try (FileRecords records = FileRecords.open(log.toFile(), false)) {
            for (RecordBatch batch : records.batches()) {
                for (Record record : batch) {
                    if (!batch.isControlBatch()) {
                        registrations.add(MetadataRecordSerde.INSTANCE
                                .read(new ByteBufferAccessor(record.value()), record.valueSize())
                                .message()
                                .getClass());
                    }
                }
            }
        }
        registrations.retainAll(Set.of(RegisterBrokerRecord.class, UnregisterBrokerRecord.class));
        assertThat(registrations).isEqualTo(expected);
    }

    private static Map<String, Object> with(Map<String, Object> settings, String name, String value) {
        Map<String, Object> more = new HashMap<>(settings);
        more.put(name, value);
        return more;
    }

    private static void awaitCommits(List<Writer> writers, int more) {
        Map<Writer, Integer> before = new HashMap<>();
        writers.forEach(writer -> before.put(writer, writer.committed.get()));
        await().atMost(Duration.ofMinutes(1))
                .until(() -> before.entrySet().stream()
                        .allMatch(each -> each.getKey().committed.get() >= each.getValue() + more));
    }

    /** The numbers that a reader of committed records sees, by writer, up to the partition's end for any reader. */
    private static List<List<Integer>> read(Admin admin, Map<String, Object> servers, TopicPartition partition)
            throws Exception {
        long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
        List<List<Integer>> numbers = new ArrayList<>();
        IntStream.range(0, WRITERS).forEach(writer -> numbers.add(new ArrayList<>()));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                with(servers, "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            await("the readers' end of " + partition)
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> {
                        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                            ByteBuffer value = ByteBuffer.wrap(record.value());
                            numbers.get(value.getInt()).add(value.getInt());
                        }
                        return consumer.position(partition) >= end;
                    });
        }
        return numbers;
    }
}
