package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedClusterIT {
    private static final Schema POINT = SchemaBuilder.record("Point")
            .namespace("test")
            .fields()
            .requiredInt("x")
            .endRecord();
    static final String TOPIC = "points";

    @TempDir
    Path data;

    @Test
    void shouldKeepRecordsAndSchemaIdsWhenStartedAgain() throws Exception {
        String subject = TOPIC + "-value";
        String first;
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            createTopic(cluster);
            produce(cluster, 1, 2, 3);
            first = Http.get(cluster.registryUrl() + "/subjects/" + subject + "/versions/latest")
                    .body();
        }
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            assertThat(Http.get(cluster.registryUrl() + "/subjects/" + subject + "/versions/latest")
                            .body())
                    .isEqualTo(first);
            produce(cluster, 4);
            assertThat(consume(cluster, 4)).containsExactly(1, 2, 3, 4);
            assertThat(Http.get(cluster.registryUrl() + "/subjects/" + subject + "/versions")
                            .body())
                    .isEqualTo("[1]");
        }
    }

    @Test
    void shouldNameThePortWhenItIsInUse() throws IOException {
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(Ports.address(0));
            int port = taken.getLocalPort();
            assertThatThrownBy(() -> EmbeddedCluster.start(new EmbeddedSettings(data, port, 0)))
                    .isInstanceOf(EmbeddedException.class)
                    .hasMessageContaining("broker port " + port);
            assertThatThrownBy(() -> EmbeddedCluster.start(new EmbeddedSettings(data, 0, port)))
                    .isInstanceOf(EmbeddedException.class)
                    .hasMessageContaining("registry port " + port);
        }
        assertThat(children()).isEmpty();
        DataDirectory.lock(data).close();
    }

    @Test
    void shouldLeaveNoProcessWhenClosed() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            assertThat(children()).hasSize(1);
            assertThat(cluster.brokerDied().toCompletableFuture()).isNotDone();
        }
        assertThat(children()).isEmpty();
        assertThat(data.resolve("broker.state")).doesNotExist();
    }

    @Test
    void shouldLeaveAProcessAloneWhenAStaleStateFileNamesIt() throws IOException {
        Process other = new ProcessBuilder("/bin/sh", "-c", "read line").start();
        try {
            Instant started = other.info().startInstant().orElseThrow();
            new BrokerState(other.pid(), started, 9092).write(data.resolve("broker.state"));
            try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
                assertThat(other.isAlive()).isTrue();
                assertThat(cluster.bootstrapServers()).startsWith("127.0.0.1:");
            }
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void shouldReplaceTheArchiveWhenItIsBroken() throws Exception {
        try (DataDirectory directory = DataDirectory.lock(data)) {
            BrokerJvm jvm = BrokerJvm.ofThisProcess(data.resolve("cache"));
            Files.writeString(jvm.archive(), "not an archive");
            EmbeddedBroker.start(directory, 0, jvm, ClusterSecret.random(), () -> {})
                    .close();
            assertThat(Files.size(jvm.archive())).isGreaterThan(1 << 20);
            EmbeddedBroker.start(directory, 0, jvm, ClusterSecret.random(), () -> {})
                    .close();
        }
    }

    @Test
    void shouldKeepEveryRecordWhenTheParentIsKilled() throws Exception {
        long broker = killParent();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            assertThat(ProcessHandle.of(broker).flatMap(p -> p.info().arguments()))
                    .isEmpty();
            assertThat(consume(cluster, DoomedParent.RECORDS))
                    .containsExactlyElementsOf(
                            IntStream.range(0, DoomedParent.RECORDS).boxed().toList());
        }
    }

    @Test
    void shouldKeepEveryRecordWhenParentAndBrokerAreKilled() throws Exception {
        long broker = killParent();
        ProcessHandle.of(broker).ifPresent(ProcessHandle::destroyForcibly);
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            assertThat(consume(cluster, DoomedParent.RECORDS)).hasSize(DoomedParent.RECORDS);
        }
    }

    @Test
    void shouldStayUpWhenTheTerminalInterruptsTheWholeGroup() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            long broker = children().get(0).pid();
            for (String signal : List.of("INT", "HUP", "TERM")) {
                assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + broker)
                                .start()
                                .waitFor())
                        .isZero();
            }
            createTopic(cluster);
            produce(cluster, 1);
            assertThat(consume(cluster, 1)).containsExactly(1);
        }
    }

    @Test
    void shouldTellWhenTheBrokerDies() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(data))) {
            children().get(0).destroyForcibly();
            assertThat(cluster.brokerDied().toCompletableFuture())
                    .succeedsWithin(Duration.ofSeconds(10))
                    .extracting(EmbeddedException::getMessage)
                    .asString()
                    .contains("was killed by signal 9", "run the same command again")
                    .doesNotContain("broker.log");
        }
    }

    @Test
    void shouldShowTheEndOfItsLogWhenTheBrokerCannotStart() throws IOException {
        Files.createDirectories(data.resolve("kafka-logs"));
        Files.writeString(data.resolve("kafka-logs").resolve("meta.properties"), "version=1\nnode.id=2\n");
        assertThatThrownBy(() -> EmbeddedCluster.start(new EmbeddedSettings(data)))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining(data.toString())
                .hasMessageContaining("broker.log")
                .hasMessageContaining("meta.properties")
                .hasMessageNotContaining("\n")
                .hasMessageNotContaining("\tat ");
        assertThat(children()).isEmpty();
    }

    /** Runs a parent until it has written its records, kills it with SIGKILL, and returns its broker's process id. */
    private long killParent() throws IOException {
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DoomedParent.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(parent.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(out.lines().anyMatch("written"::equals)).isTrue();
        } finally {
            parent.destroyForcibly();
        }
        parent.onExit().join();
        return BrokerState.read(data.resolve("broker.state")).orElseThrow().pid();
    }

    private static List<ProcessHandle> children() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).toList();
    }

    static void createTopic(EmbeddedCluster cluster) throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(cluster.kafka().admin())) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    static void produce(EmbeddedCluster cluster, int... values) throws ExecutionException, InterruptedException {
        Map<String, Object> config = clientConfig(cluster);
        config.put("key.serializer", StringSerializer.class);
        config.put("value.serializer", KafkaAvroSerializer.class);
        try (KafkaProducer<String, GenericRecord> producer = new KafkaProducer<>(config)) {
            for (int x : values) {
                GenericRecord point =
                        new GenericRecordBuilder(POINT).set("x", x).build();
                producer.send(new ProducerRecord<>(TOPIC, "key", point)).get();
            }
        }
    }

    static List<Integer> consume(EmbeddedCluster cluster, int count) {
        Map<String, Object> config = clientConfig(cluster);
        config.put("key.deserializer", StringDeserializer.class);
        config.put("value.deserializer", KafkaAvroDeserializer.class);
        try (KafkaConsumer<String, GenericRecord> consumer = new KafkaConsumer<>(config)) {
            TopicPartition partition = new TopicPartition(TOPIC, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<Integer> found = new ArrayList<>();
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (found.size() < count && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(r -> found.add((Integer) r.value().get("x")));
            }
            return found;
        }
    }

    private static Map<String, Object> clientConfig(EmbeddedCluster cluster) {
        Map<String, Object> config = new HashMap<>(cluster.kafka().properties());
        config.put("bootstrap.servers", cluster.bootstrapServers());
        config.put("schema.registry.url", cluster.registryUrl());
        return config;
    }
}
