package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaUtils;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.loop.ExactlyOnceLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A role that starts with an empty schema cache, and a registry that answers with an error. */
@Timeout(60)
class RegistryOutagesTest {
    private static final String SCOPE = "registry-outages";
    private static final byte[] KEY = "r-1".getBytes(UTF_8);
    private static final Value VALUE = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, null, null);
    private static final Duration PATIENCE = Duration.ofMillis(250);

    private final Topic<Value> topic = new Topics("test", 1).values();
    private final AtomicInteger requests = new AtomicInteger();

    /** Status that the registry answers with; 200 for the schema. */
    private volatile int status = 200;

    private volatile String body = "";

    /** Number of requests after which the registry recovers. */
    private volatile int recovery = Integer.MAX_VALUE;

    private HttpServer server;
    private KafkaSettings kafka;
    private EventSerdes serdes;

    @BeforeEach
    void start() throws IOException {
        String schema = AvroSchemaUtils.getSchema(VALUE, false, false, true).toString();
        String found = "{\"id\":1,\"schema\":\"" + schema.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            int now = requests.incrementAndGet() > recovery ? 200 : status;
            byte[] answer = (now == 200 && !(status == 200 && !body.isEmpty()) ? found : body).getBytes(UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(now, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        kafka = new KafkaSettings(
                "unused:9092", "http://127.0.0.1:" + server.getAddress().getPort(), Map.of("max.retries", "0"));
        serdes = new EventSerdes(kafka, PATIENCE);
    }

    @AfterEach
    void stop() {
        serdes.close();
        server.stop(0);
        MockSchemaRegistry.dropScope(SCOPE);
    }

    private void answer(int status) {
        this.status = status;
        body = "{\"error_code\":" + status + ",\"message\":\"out of order\"}";
    }

    /** A record as a writer left it before the outage. */
    private byte[] good() {
        try (EventSerdes before = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + SCOPE, Map.of()))) {
            return before.serializer(topic).serialize(topic.name(), VALUE);
        }
    }

    private ConsumerRecord<byte[], byte[]> record() {
        return new ConsumerRecord<>(topic.name(), 0, 0, KEY, good());
    }

    private EventRecord<?> decode(ConsumerRecord<byte[], byte[]> record) {
        return new EventDecoder(serdes, List.of(topic)).decode(record);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 407, 408, 422, 429, 500, 501, 502, 503, 504})
    void shouldStopAConsumerAndNotCallItsRecordBadWhenTheRegistryAnswersWithAnError(int status) {
        answer(status);
        // As a proxy answers, or a registry that is not at this URL.
        if (status == 502) {
            body = "<html>Bad Gateway</html>";
        }

        assertThatThrownBy(() -> decode(record()))
                .isExactlyInstanceOf(LogException.class)
                .hasMessageStartingWith("the schema registry at " + kafka.schemaRegistryUrl() + " ")
                .hasMessageNotContaining("\n");
        assertThat(requests).hasValueGreaterThan(1);
    }

    @Test
    void shouldStopAConsumerWhenWhatAnswersIsNotARegistry() {
        status = 404;
        body = "<html>Not Found</html>";
        assertThatThrownBy(() -> decode(record())).isExactlyInstanceOf(LogException.class);

        status = 200;
        body = "<html>Hello</html>";
        assertThatThrownBy(() -> decode(record())).isExactlyInstanceOf(LogException.class);

        server.stop(0);
        assertThatThrownBy(() -> decode(record()))
                .isExactlyInstanceOf(LogException.class)
                .hasMessageContaining("can't be reached");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 429, 503})
    void shouldReadTheRecordWhenTheRegistryRecovers(int status) {
        answer(status);
        recovery = 2;

        assertThat(decode(record()).event()).isEqualTo(VALUE);
        assertThat(requests).hasValue(3);
    }

    @Test
    void shouldCallARecordBadWhenTheRegistryHasNotHeardOfItsSchemaTwice() {
        status = 404;
        body = "{\"error_code\":40403,\"message\":\"Schema 1 not found\"}";

        assertThatThrownBy(() -> decode(record()))
                .isInstanceOf(SerializationException.class)
                .satisfies(e -> assertThat(LogException.reason(e)).contains("Schema 1 not found"));
        assertThat(requests).hasValue(2);

        recovery = 3;
        assertThat(decode(record()).event()).isEqualTo(VALUE);
    }

    @Test
    void shouldCallARecordBadWithoutAskingWhenItsSchemaIdIsNegative() {
        answer(503);
        byte[] negative = good();
        negative[1] = (byte) 0xff;

        assertThatThrownBy(() -> decode(new ConsumerRecord<>(topic.name(), 0, 0, KEY, negative)))
                .isInstanceOf(SerializationException.class);
        assertThat(requests).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 408, 429, 500, 502, 503, 504})
    void shouldStopAWriterWhenTheRegistryAnswersWithAnError(int status) {
        answer(status);

        assertThatThrownBy(() -> serdes.serializer(topic).serialize(topic.name(), VALUE))
                .isExactlyInstanceOf(LogException.class)
                .hasMessageStartingWith("the schema registry at ");
        assertThat(requests).hasValueGreaterThan(1);
    }

    @Test
    void shouldNotWaitWhenTheRegistryRefusesASchema() {
        answer(409);

        assertThatThrownBy(() -> serdes.serializer(topic).serialize(topic.name(), VALUE))
                .isInstanceOf(SerializationException.class);
        assertThat(requests).hasValue(1);
    }

    @Test
    void shouldEndTheWaitWhenItsThreadIsInterrupted() {
        answer(503);
        try (EventSerdes patient = new EventSerdes(kafka, Duration.ofHours(1))) {
            Thread.currentThread().interrupt();

            assertThatThrownBy(() -> patient.serializer(topic).serialize(topic.name(), VALUE))
                    .isInstanceOf(InterruptException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 408, 429, 500, 502, 503, 504})
    void shouldCommitNothingWhenTheRegistryAnswersWithAnErrorInALoop(int status) {
        answer(status);
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
        MockProducer<byte[], byte[]> producer =
                new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        RunLog log = new RunLog(
                new KafkaSettings(
                        "unused:9092", kafka.schemaRegistryUrl(), kafka.properties(), clients(consumer, producer)),
                serdes,
                new Topics("test", 1));
        try (ExactlyOnceLog loop = ExactlyOnceLog.sole(log, "learner", List.of(topic), Duration.ZERO)) {
            consumer.updateBeginningOffsets(Map.of(new TopicPartition(topic.name(), 0), 0L));
            consumer.addRecord(record());

            assertThatThrownBy(() -> loop.poll(Duration.ofMillis(10))).isExactlyInstanceOf(LogException.class);
            assertThat(loop.uncommitted()).isFalse();
        }
        assertThat(producer.history()).isEmpty();
    }

    private static KafkaClients clients(Consumer<byte[], byte[]> consumer, Producer<byte[], byte[]> producer) {
        return new KafkaClients() {
            @Override
            public Consumer<byte[], byte[]> consumer(Map<String, Object> settings) {
                return consumer;
            }

            @Override
            public Producer<byte[], byte[]> producer(Map<String, Object> settings) {
                return producer;
            }

            @Override
            public Admin admin(Map<String, Object> settings) {
                throw new UnsupportedOperationException();
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 408, 429, 500, 502, 503, 504})
    void shouldStopAStreamAndWriteNoDeadLetterWhenTheRegistryAnswersWithAnError(int status, @TempDir Path state) {
        answer(status);
        try (TopologyTestDriver driver = driver(state)) {
            TestInputTopic<String, byte[]> input =
                    driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer());
            byte[] good = good();

            assertThatThrownBy(() -> input.pipeInput("r-1", good))
                    .isInstanceOf(StreamsException.class)
                    .cause()
                    .isExactlyInstanceOf(LogException.class);
            assertThat(driver.createOutputTopic(
                                    topic.deadLetters(), new ByteArrayDeserializer(), new ByteArrayDeserializer())
                            .isEmpty())
                    .isTrue();
        }
    }

    private TopologyTestDriver driver(Path state) {
        Properties properties = new Properties();
        properties.putAll(kafka.streams("test.role", state, 1));
        return new TopologyTestDriver(
                new Topology()
                        .addSource("values", new StringDeserializer(), serdes.deserializer(topic), topic.name())
                        .addSink("copies", "copies", new StringSerializer(), serdes.serializer(topic), "values"),
                properties);
    }
}
