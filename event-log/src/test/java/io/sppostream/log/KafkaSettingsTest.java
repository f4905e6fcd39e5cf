package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaSettingsTest {

    private static KafkaSettings settings(Map<String, String> properties) {
        return new KafkaSettings("broker:9092", "http://registry:8081", properties);
    }

    private static StreamsConfig streams(Map<String, String> properties) {
        return new StreamsConfig(settings(properties).streams("run.role", Path.of("state"), 3));
    }

    private static Map<String, Object> mainConsumer(StreamsConfig config) {
        return config.getMainConsumerConfigs("run.role", "client", 0);
    }

    @Test
    void shouldReadOnlyWhatIsCommittedAndAllOfIt() {
        assertThat(settings(Map.of()).consumer("run.role"))
                .containsEntry("bootstrap.servers", "broker:9092")
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("auto.offset.reset", "earliest")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("group.id", "run.role");
        assertThat(settings(Map.of()).consumer()).doesNotContainKey("group.id");
    }

    @Test
    void shouldNotLetAHungMemberHoldUpItsGroupForLongUnlessTheUserSaysSo(@TempDir Path directory) {
        try (GroupInstance member = GroupInstance.take(directory, "run.role")) {
            assertThat(settings(Map.of()).consumer("run.role", member)).containsEntry("max.poll.interval.ms", 120_000);
            assertThat(settings(Map.of("max.poll.interval.ms", "600000")).consumer("run.role", member))
                    .containsEntry("max.poll.interval.ms", "600000");
        }
        assertThat(mainConsumer(streams(Map.of()))).containsEntry("max.poll.interval.ms", 120_000);
        assertThat(mainConsumer(streams(Map.of("max.poll.interval.ms", "600000"))))
                .hasEntrySatisfying(
                        "max.poll.interval.ms",
                        value -> assertThat(value.toString()).isEqualTo("600000"));
    }

    @Test
    void shouldWriteExactlyOnce() {
        assertThat(settings(Map.of()).producer())
                .containsEntry("bootstrap.servers", "broker:9092")
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true)
                .doesNotContainKey("transactional.id");
        assertThat(settings(Map.of()).transactionalProducer("run.learner", Duration.ZERO))
                .containsEntry("transactional.id", "run.learner")
                .containsEntry("acks", "all");
    }

    @Test
    void shouldAbortSoonWhatAKilledRoleLeftOpenUnlessThereIsMuchToSend() {
        KafkaSettings settings = settings(Map.of());
        assertThat(settings.transactionalProducer("id", Duration.ZERO)).containsEntry("transaction.timeout.ms", 10_000);
        assertThat(settings.transactionalProducer("id", Duration.ofMinutes(5)))
                .containsEntry("transaction.timeout.ms", 310_000);
        assertThat(settings.transactionalProducer("id", Duration.ofHours(5)))
                .containsEntry("transaction.timeout.ms", 900_000);
        assertThat(settings(Map.of("transaction.timeout.ms", "7")).transactionalProducer("id", Duration.ZERO))
                .containsEntry("transaction.timeout.ms", "7");
    }

    @Test
    void shouldStreamExactlyOnceFromTheBeginning() {
        StreamsConfig config = streams(Map.of());
        assertThat(config.getString("processing.guarantee")).isEqualTo("exactly_once_v2");
        assertThat(config.getString("application.id")).isEqualTo("run.role");
        assertThat(config.getInt("num.stream.threads")).isEqualTo(3);
        assertThat(config.getBoolean("ensure.explicit.internal.resource.naming"))
                .isTrue();
        assertThat(config.getClass("deserialization.exception.handler")).isEqualTo(DeadLetterHandler.class);
        assertThat(mainConsumer(config))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("auto.offset.reset", "earliest");
        assertThat(config.getProducerConfigs("client"))
                .containsEntry("max.request.size", 18 << 20)
                .containsEntry("linger.ms", 100)
                .containsEntry("enable.idempotence", true);
    }

    @Test
    void shouldLetPropertiesWinEverywhere() {
        Map<String, String> properties = Map.of(
                "security.protocol", "SASL_SSL",
                "linger.ms", "50",
                "max.request.size", "1000000",
                "auto.offset.reset", "latest",
                "fetch.max.wait.ms", "7",
                "commit.interval.ms", "1000");
        KafkaSettings settings = settings(properties);
        StreamsConfig streams = streams(properties);

        assertThat(settings.admin()).containsEntry("security.protocol", "SASL_SSL");
        assertThat(settings.producer())
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("linger.ms", "50");
        assertThat(settings.consumer("g"))
                .containsEntry("auto.offset.reset", "latest")
                .containsEntry("fetch.max.wait.ms", "7");
        assertThat(streams.getLong("commit.interval.ms")).isEqualTo(1000);
        assertThat(mainConsumer(streams))
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("auto.offset.reset", "latest")
                .containsEntry("fetch.max.wait.ms", "7");
        assertThat(streams.getProducerConfigs("client"))
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("linger.ms", "50")
                .containsEntry("max.request.size", "1000000");
        assertThat(settings.registry()).containsEntry("security.protocol", "SASL_SSL");
    }

    @Test
    void shouldKeepIdsTheRolesGive() {
        KafkaSettings settings = settings(Map.of("group.id", "mine", "transactional.id", "mine"));
        assertThat(settings.consumer("run.role")).containsEntry("group.id", "run.role");
        assertThat(settings.transactionalProducer("run.learner", Duration.ZERO))
                .containsEntry("transactional.id", "run.learner");
    }

    @Test
    void shouldGiveSettingsThatKafkaAccepts() {
        KafkaSettings settings = settings(Map.of());
        Map<String, Object> producer = new HashMap<>(settings.transactionalProducer("id", Duration.ZERO));
        producer.put("key.serializer", ByteArraySerializer.class);
        producer.put("value.serializer", ByteArraySerializer.class);
        Map<String, Object> consumer = new HashMap<>(settings.consumer("group"));
        consumer.put("key.deserializer", ByteArrayDeserializer.class);
        consumer.put("value.deserializer", ByteArrayDeserializer.class);

        assertThat(new ProducerConfig(producer).getString("compression.type")).isEqualTo("zstd");
        assertThat(new ConsumerConfig(consumer).getInt("max.poll.records")).isEqualTo(2_000);
    }

    @Test
    void shouldCompressWhatProducersAndStreamsSendUnlessTheUserSaysOtherwise() {
        assertThat(settings(Map.of()).producer()).containsEntry("compression.type", "zstd");
        assertThat(settings(Map.of()).streams("id", Path.of("state"), 1)).containsEntry("compression.type", "zstd");
        assertThat(settings(Map.of("compression.type", "lz4")).producer()).containsEntry("compression.type", "lz4");
    }

    @Test
    void shouldNotChangeWhenThePropertiesDo() {
        Map<String, String> properties = new HashMap<>();
        KafkaSettings settings = settings(properties);
        properties.put("linger.ms", "50");
        assertThat(settings.producer()).containsEntry("linger.ms", 100);
    }
}
