package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that cannot be decoded go to the DLQ, byte for byte, and training continues; on a given cluster. */
class UnreadableRecordsIT {
    private static final byte[] NO_AVRO = bytes("no Avro");

    /** In the wire format of Confluent's serializers, with an id that the registry does not know. */
    private static final byte[] UNKNOWN_SCHEMA = {0, 0x7f, 0, 0, 0, 2, 4};

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldSendRecordsThatCannotBeDecodedToTheDlqAndContinue() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics("garbage", 1);
            CompletableFuture<Integer> exitCode = CompletableFuture.supplyAsync(() -> Main.run(
                    "train",
                    "--run=garbage",
                    "--steps=4",
                    "--set=batch.size=64",
                    "--client-properties=" + cluster.clientProperties(),
                    "--data-dir=" + directory.resolve("data"),
                    "--runs-dir=" + directory.resolve("runs")));
            List<Topic<? extends SpecificRecord>> worked = List.of(
                    topics.prompts(), topics.rollouts(), topics.verdicts(), topics.values(), topics.advantages());
            try (TopicAdmin admin = new TopicAdmin(kafka);
                    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                            kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
                await().atMost(Duration.ofSeconds(60)).until(() -> admin.exists(topics) || exitCode.isDone());
                for (Topic<?> topic : worked) {
                    producer.send(new ProducerRecord<>(topic.name(), bytes("key"), NO_AVRO));
                    producer.send(new ProducerRecord<>(topic.name(), bytes("key"), UNKNOWN_SCHEMA));
                }
            }
            assertThat(exitCode.join()).isZero();
            for (Topic<?> topic : worked) {
                assertThat(deadLetters(kafka, topic))
                        .as(topic.deadLetters())
                        .anySatisfy(letter -> assertThat(letter.value()).isEqualTo(NO_AVRO))
                        .anySatisfy(letter -> assertThat(letter.value()).isEqualTo(UNKNOWN_SCHEMA))
                        .allSatisfy(letter -> {
                            assertThat(letter.value()).isIn(NO_AVRO, UNKNOWN_SCHEMA);
                            assertThat(new String(
                                            letter.headers()
                                                    .lastHeader("sppo.topic")
                                                    .value(),
                                            UTF_8))
                                    .isEqualTo(topic.name());
                        });
            }
        }
    }

    private static List<ConsumerRecord<byte[], byte[]>> deadLetters(KafkaSettings kafka, Topic<?> topic) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            TopicPartition partition = new TopicPartition(topic.deadLetters(), 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            return consumer.poll(Duration.ofSeconds(10)).records(partition);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
