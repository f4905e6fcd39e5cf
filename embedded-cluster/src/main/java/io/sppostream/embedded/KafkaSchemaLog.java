package io.sppostream.embedded;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry's log on the compacted topic {@code _schemas} with one partition, in the format of Confluent's server. The
 * locked data directory makes this process its only writer, so acknowledged records need not be read back. Thread-safe.
 */
final class KafkaSchemaLog implements SchemaLog {
    static final String TOPIC = "_schemas";

    private static final Logger log = LoggerFactory.getLogger(KafkaSchemaLog.class);
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Map<String, String> connection;
    private final String clusterId;
    private final KafkaProducer<String, String> producer;

    private KafkaSchemaLog(Map<String, String> connection, String clusterId, KafkaProducer<String, String> producer) {
        this.connection = connection;
        this.clusterId = clusterId;
        this.producer = producer;
    }

    /** Opens the topic, creating it if it is missing. */
    static KafkaSchemaLog open(String bootstrapServers, ClusterSecret secret) {
        Map<String, String> connection = new HashMap<>(secret.kafkaClient());
        connection.put("bootstrap.servers", bootstrapServers);
        try (Admin admin = Admin.create(client(connection, Map.of()))) {
            NewTopic topic = new NewTopic(TOPIC, 1, (short) 1).configs(Map.of("cleanup.policy", "compact"));
            var created = admin.createTopics(List.of(topic)).all();
            String clusterId = admin.describeCluster().clusterId().get();
            try {
                created.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw e;
                }
            }
            KafkaProducer<String, String> producer = new KafkaProducer<>(client(
                    connection,
                    Map.of(
                            "acks",
                            "all",
                            "linger.ms",
                            "0",
                            "request.timeout.ms",
                            String.valueOf(TIMEOUT.toMillis() / 2),
                            "delivery.timeout.ms",
                            String.valueOf(TIMEOUT.toMillis()),
                            "key.serializer",
                            StringSerializer.class,
                            "value.serializer",
                            StringSerializer.class)));
            return new KafkaSchemaLog(connection, clusterId, producer);
        } catch (ExecutionException | KafkaException e) {
            throw failed("can't be opened", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Kafka's id of the cluster the topic is on. */
    String clusterId() {
        return clusterId;
    }

    @Override
    public void replay(Consumer<RegistryRecord> reader) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(client(
                connection,
                Map.of(
                        "enable.auto.commit",
                        "false",
                        "fetch.max.wait.ms",
                        "10", // close() waits for it
                        "key.deserializer",
                        StringDeserializer.class,
                        "value.deserializer",
                        StringDeserializer.class)))) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end = consumer.endOffsets(List.of(PARTITION), TIMEOUT).getOrDefault(PARTITION, 0L);
            while (consumer.position(PARTITION, TIMEOUT) < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    decode(record, reader);
                }
            }
        } catch (KafkaException e) {
            throw failed("can't be read", e);
        }
    }

    private static void decode(ConsumerRecord<String, String> record, Consumer<RegistryRecord> reader) {
        RegistryRecord decoded;
        try {
            decoded = RegistryRecordCodec.decode(record.key(), record.value());
        } catch (IOException | RuntimeException e) {
            // As Confluent's server does: one foreign record must not make all schemas unavailable.
            log.warn(
                    "{} offset {} is not a registry record and is skipped: {} ({})",
                    TOPIC,
                    record.offset(),
                    record.key(),
                    e.getMessage());
            return;
        }
        reader.accept(decoded);
    }

    @Override
    public void append(List<RegistryRecord> records) {
        try {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (RegistryRecord record : records) {
                RegistryRecordCodec.Encoded encoded = RegistryRecordCodec.encode(record);
                sent.add(producer.send(new ProducerRecord<>(TOPIC, 0, encoded.key(), encoded.value())));
            }
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        } catch (ExecutionException | KafkaException e) {
            throw failed("can't be written", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    @Override
    public void close() {
        producer.close(TIMEOUT);
    }

    private static Map<String, Object> client(Map<String, String> connection, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(more);
        config.putAll(connection);
        config.put("client.id", "schema-registry");
        config.put("enable.metrics.push", "false");
        return config;
    }

    private static EmbeddedException failed(String what, Exception e) {
        Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
        return new EmbeddedException("the registry's topic " + TOPIC + " " + what + ": " + cause.getMessage(), e);
    }

    private static EmbeddedException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new EmbeddedException("interrupted while using the registry's topic " + TOPIC, e);
    }
}
