package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.DeadLetters;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DlqCommandIT {
    @TempDir
    private Path directory = Path.of("");

    private final Topics topics = new Topics("letters", 1);

    @Test
    void shouldListShowAndSendBackOnce() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            byte[] verdict = prepare(kafka);
            write(kafka, topics.rollouts().name(), 0, 7, "no Avro".getBytes(UTF_8), "Unknown magic byte!");
            write(kafka, topics.verdicts().name(), 0, 12, verdict, "reward 7.0 is not in [0, 1]");

            assertThat(dlq(cluster, "list").out())
                    .contains("rollouts@0", "0, offset 7", "letters.verifier", "Unknown magic byte!")
                    .contains("verdicts@0", "0, offset 12", "reward 7.0 is not in [0, 1]")
                    .endsWith("2 dead letters\n");
            List<String> rows = dlq(cluster, "list").out().lines().toList();
            int column = rows.get(0).indexOf("ROLE");
            assertThat(rows.subList(1, 3))
                    .allSatisfy(row -> assertThat(row.substring(column)).startsWith("letters.verifier  "));
            assertThat(dlq(cluster, "show", "rollouts@0").out())
                    .contains("topic    letters.rollouts.v1\n")
                    .contains("header   trace: t-1\n", "header   sppo.error: Unknown magic byte!\n")
                    .contains("key      r-1\n")
                    .contains("value    7 bytes that are no event: a value that does not name its schema\n")
                    .contains("6e 6f 20 41 76 72 6f                             no Avro\n");
            assertThat(dlq(cluster, "show", "verdicts@0").out())
                    .contains("\"rolloutId\": \"r-1/0\"", "\"reward\": 7.0");

            assertThat(dlq(cluster, "resubmit", "rollouts@0").out())
                    .isEqualTo("rollouts@0 sent back to letters.rollouts.v1 for letters.verifier\n1 sent back\n");
            dlq(cluster, "resubmit", "rollouts@0").assertRefusedButForTheBroker("rollouts@0 was sent back at");
            dlq(cluster, "resubmit", "rollouts@9")
                    .assertRefusedButForTheBroker("run 'letters' has no dead letter 'rollouts@9'");
            dlq(cluster, "resubmit").assertRefusedButForTheBroker("which letters?");
            assertThat(dlq(cluster, "resubmit", "--all").out())
                    .isEqualTo("verdicts@0 sent back to letters.verdicts.v1 for letters.verifier\n1 sent back\n");
            assertThat(dlq(cluster, "resubmit", "--all").out()).isEqualTo("0 sent back\n");

            ConsumerRecord<byte[], byte[]> back =
                    records(kafka, topics.rollouts().name()).get(0);
            assertThat(new String(back.key(), UTF_8)).isEqualTo("r-1");
            assertThat(new String(back.value(), UTF_8)).isEqualTo("no Avro");
            assertThat(back.headers())
                    .extracting(header -> header.key() + "=" + new String(header.value(), UTF_8))
                    .containsExactly("trace=t-1", "sppo.resubmitted=rollouts@0", "sppo.redeliver-to=letters.verifier");
            assertThat(records(kafka, topics.rollouts().name())).hasSize(1);
            assertThat(records(kafka, topics.verdicts().name())).hasSize(1);
            assertThat(dlq(cluster, "list").out()).endsWith("2 dead letters\n");
        }
    }

    @Test
    void shouldSayWhenThereIsNoSuchRun() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            dlq(cluster, "list").assertRefusedButForTheBroker("there is no run 'letters' at");
        }
    }

    /** Creates the topics; returns a verdict that can be decoded but is invalid. */
    private byte[] prepare(KafkaSettings kafka) {
        try (EventSerdes serdes = new EventSerdes(kafka);
                TopicAdmin admin = new TopicAdmin(kafka)) {
            serdes.register(topics);
            admin.create(topics, (short) 1);
            return serdes.serializer(topics.verdicts())
                    .serialize(
                            topics.verdicts().name(),
                            new Verdict(
                                    "r-1/0",
                                    "r-1",
                                    "judge",
                                    "1",
                                    VerdictStatus.CORRECT,
                                    7.0,
                                    null,
                                    "equal",
                                    Instant.EPOCH,
                                    Map.of(),
                                    false));
        }
    }

    private static void write(
            KafkaSettings kafka, String topic, int partition, long offset, byte[] value, String error) {
        ConsumerRecord<byte[], byte[]> record =
                new ConsumerRecord<>(topic, partition, offset, "r-1".getBytes(UTF_8), value);
        record.headers().add("trace", "t-1".getBytes(UTF_8));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(DeadLetters.of(record, "letters.verifier", new IllegalStateException(error)));
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(KafkaSettings kafka, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end =
                    consumer.endOffsets(List.of(partition)).values().iterator().next();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
        }
        return records;
    }

    private static Invocation dlq(EmbeddedCluster cluster, String... arguments) {
        List<String> command = new ArrayList<>(List.of("dlq"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--run=letters", "--client-properties=" + cluster.clientProperties()));
        return Invocation.of(command.toArray(String[]::new));
    }
}
