package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaUtils;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.JoinState;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.RandomData;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventSerdesTest {
    private static final String SCOPE = "event-serdes";

    private final Topics topics = new Topics("test", 1);
    private final EventSerdes serdes = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + SCOPE, Map.of()));

    @AfterEach
    void close() {
        serdes.close();
        MockSchemaRegistry.dropScope(SCOPE);
    }

    @Test
    void shouldReadWhatItWroteWhenAnEventMakesTheRoundTrip() {
        Topic<Value> topic = topics.values();
        Value value = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, null, null);

        byte[] bytes = serdes.serializer(topic).serialize(topic.name(), value);

        assertThat(serdes.deserializer(topic).deserialize(topic.name(), bytes)).isEqualTo(value);
    }

    @Test
    void shouldSayWhichFieldIsIncompatibleWithARegisteredVersionAndRegisterNothing() throws Exception {
        SchemaRegistryClient registry = MockSchemaRegistry.getClientForScope(SCOPE);
        Schema value = Value.getClassSchema();
        List<Schema.Field> fields = new ArrayList<>();
        value.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        fields.add(new Schema.Field("judge", Schema.create(Schema.Type.STRING), null));
        registry.register(
                "test.values.v1-value",
                new AvroSchema(Schema.createRecord(value.getName(), null, value.getNamespace(), false, fields)));

        assertThat(serdes.incompatibilities(topics))
                .singleElement()
                .asString()
                .startsWith("test.values.v1-value, version 1: The field 'judge' ")
                .contains("no default value");
        assertThat(registry.getAllSubjects()).containsExactly("test.values.v1-value");
    }

    @Test
    void shouldLeaveOutFieldsWhenTheirReaderDoesNotUseThem() {
        Topic<TrainingStep> topic = topics.trainingSteps();
        TrainingStep step = new TrainingStep(
                "policy",
                3,
                2,
                3,
                "from",
                "to",
                List.of(new TrainedSample("r-1/0", 0, 7L, 1), new TrainedSample("r-2/0", 1, 8L, 0)),
                2L,
                List.of(new ConsumedOffset(0, 9L)),
                "configuration",
                Map.of("loss", 0.5),
                Instant.EPOCH,
                Instant.ofEpochSecond(1),
                Recovery.NONE,
                0L,
                List.of());
        byte[] bytes = serdes.serializer(topic).serialize(topic.name(), step);

        TrainingStep sparse = serdes.without(
                        Set.of("TrainingStep.samples", "TrainingStep.fromSha256", "TrainedSample.x"))
                .deserializer(topic)
                .deserialize(topic.name(), bytes);

        assertThat(sparse)
                .isEqualTo(TrainingStep.newBuilder(step)
                        .setSamples(List.of())
                        .setFromSha256("")
                        .build());
        assertThatThrownBy(() -> serdes.without(Set.of("TrainingStep.samples"))
                        .deserializer(topic)
                        .deserialize(topic.name(), Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(SerializationException.class);
    }

    /** Ten events at random of every topic and of the join's state store. */
    @ParameterizedTest
    @MethodSource("types")
    <V extends SpecificRecord> void shouldReadWhatItWroteWhateverTheEvent(Class<V> type) throws Exception {
        Serde<V> serde = serdes.serde(type);
        for (Object random : new RandomData(schema(type), 10, 1)) {
            V event = specific(type, random);

            byte[] bytes = serde.serializer().serialize("any", event);

            assertThat(serde.deserializer().deserialize("any", bytes))
                    .isInstanceOf(type)
                    .isEqualTo(event);
            assertThat(Arrays.copyOfRange(bytes, EventSerdes.HEADER, bytes.length))
                    .isEqualTo(avro(type, event));
        }
    }

    /** Cut off anywhere, or with any byte changed, an event is refused or read as another one. */
    @ParameterizedTest
    @MethodSource("types")
    <V extends SpecificRecord> void shouldRefuseOrReadAnotherEventWhenBytesAreDamaged(Class<V> type) throws Exception {
        Serde<V> serde = serdes.serde(type);
        Random random = new Random(1);
        V event = specific(type, new RandomData(schema(type), 1, 1).iterator().next());
        byte[] good = serde.serializer().serialize("any", event);

        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = Arrays.copyOf(good, EventSerdes.HEADER + random.nextInt(good.length - EventSerdes.HEADER));
            for (int damage = random.nextInt(4); damage > 0 && bytes.length > EventSerdes.HEADER; damage--) {
                bytes[EventSerdes.HEADER + random.nextInt(bytes.length - EventSerdes.HEADER)] = (byte) random.nextInt();
            }
            try {
                assertThat(serde.deserializer().deserialize("any", bytes)).isInstanceOf(type);
            } catch (SerializationException refused) {
                assertThat(refused).hasMessageContaining("not an event of type " + type.getSimpleName());
            }
        }
    }

    @Test
    void shouldReadEventsOfEarlierSchemasWhenTheirFieldsDiffer() throws Exception {
        Topic<Value> topic = topics.values();
        Schema first = valueWithoutReleasedAt();
        int id = MockSchemaRegistry.getClientForScope(SCOPE).register(topic.name() + "-value", new AvroSchema(first));
        for (Object random : new RandomData(first, 10, 1)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.writeBytes(
                    ByteBuffer.allocate(EventSerdes.HEADER).putInt(1, id).array());
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new GenericDatumWriter<>(first).write(random, encoder);
            encoder.flush();

            Value value = serdes.deserializer(topic).deserialize(topic.name(), bytes.toByteArray());

            assertThat(value.getRequestId())
                    .isEqualTo(((GenericRecord) random).get("requestId").toString());
        }
    }

    @Test
    void shouldLeaveWritingToConfluentsSerializerWhenItWritesAnotherVersion() throws Exception {
        Topic<Value> topic = topics.values();
        Schema first = valueWithoutReleasedAt();
        MockSchemaRegistry.getClientForScope(SCOPE).register(topic.name() + "-value", new AvroSchema(first));
        Map<String, String> settings = Map.of(
                "auto.register.schemas", "false", "use.latest.version", "true", "latest.compatibility.strict", "false");
        Value value = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, Instant.EPOCH, null);
        Value without = Value.newBuilder(value).setReleasedAt(null).build();
        try (EventSerdes latest = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + SCOPE, settings))) {
            Serializer<Value> serializer = latest.serializer(topic);
            for (int i = 0; i < 2; i++) {
                byte[] bytes = serializer.serialize(topic.name(), value);

                assertThat(latest.writerSchema(bytes)).isEqualTo(first);
                assertThat(latest.deserializer(topic).deserialize(topic.name(), bytes))
                        .isEqualTo(without);
            }
        }
    }

    /** The schema of values as it was before they named the time of release, and what was added after it. */
    private static Schema valueWithoutReleasedAt() {
        Schema now = Value.getClassSchema();
        List<Schema.Field> fields = now.getFields().stream()
                .takeWhile(field -> !field.name().equals("releasedAt"))
                .map(field -> new Schema.Field(field, field.schema()))
                .toList();
        return Schema.createRecord(now.getName(), now.getDoc(), now.getNamespace(), false, fields);
    }

    /** An event as Avro's own writer encodes it. */
    private static <V extends SpecificRecord> byte[] avro(Class<V> type, V event) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new SpecificDatumWriter<>(type).write(event, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    @Test
    void shouldKeepStateWithoutARegistryAndReadWhatFormerVersionsKept() throws Exception {
        KafkaSettings noRegistry = new KafkaSettings("unused:9092", "http://127.0.0.1:1", Map.of("max.retries", "0"));
        try (EventSerdes offline = new EventSerdes(noRegistry, Duration.ZERO)) {
            Serde<JoinState> state = offline.stateSerde(JoinState.class);
            Serde<JoinState> online = serdes.stateSerde(JoinState.class);
            for (Object random : new RandomData(schema(JoinState.class), 10, 1)) {
                JoinState event = specific(JoinState.class, random);

                assertThat(state.deserializer()
                                .deserialize("store", state.serializer().serialize("store", event)))
                        .isEqualTo(event);
                byte[] former = serdes.serde(JoinState.class).serializer().serialize("store", event);
                assertThat(online.deserializer().deserialize("store", former)).isEqualTo(event);
            }
        }
    }

    @Test
    void shouldWriteAnEventWholeWhenTheOneBeforeCouldNotBeWritten() {
        Topic<Value> topic = topics.values();
        Serializer<Value> serializer = serdes.serializer(topic);
        Value good = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, null, null);
        Value bad = new Value("r-2", 5, null, -1.1f, 0.25, null, Instant.EPOCH, null, null);
        byte[] first = serializer.serialize(topic.name(), good);

        assertThatThrownBy(() -> serializer.serialize(topic.name(), bad)).isInstanceOf(SerializationException.class);

        assertThat(serializer.serialize(topic.name(), good)).isEqualTo(first);
    }

    @Test
    void shouldWriteAndReadWhenThreadsShareASerde() throws Exception {
        int threads = 4;
        List<Serde<JoinState>> shared = List.of(serdes.stateSerde(JoinState.class), serdes.serde(JoinState.class));
        List<JoinState> events = new ArrayList<>();
        for (Object random : new RandomData(schema(JoinState.class), threads, 1)) {
            events.add(specific(JoinState.class, random));
        }
        CyclicBarrier start = new CyclicBarrier(threads);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> done = new ArrayList<>();
            for (JoinState event : events) {
                done.add(pool.submit(() -> {
                    start.await();
                    for (int i = 0; i < 2_000; i++) {
                        Serde<JoinState> serde = shared.get(i % shared.size());
                        byte[] bytes = serde.serializer().serialize("store", event);
                        assertThat(serde.deserializer().deserialize("store", bytes))
                                .isEqualTo(event);
                    }
                    return null;
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void shouldReadStateThatAnEarlierVersionKept() throws Exception {
        Schema first = new Schema.Parser().parse(JoinState.class.getResourceAsStream("/history/JoinState/v1.avsc"));
        BinaryMessageEncoder<Object> encoder = new BinaryMessageEncoder<>(GenericData.get(), first);
        for (Object random : new RandomData(first, 10, 1)) {
            byte[] bytes = encoder.encode(random).array();

            assertThat(serdes.stateSerde(JoinState.class).deserializer().deserialize("store", bytes))
                    .isInstanceOf(JoinState.class);
        }
    }

    static List<Class<? extends SpecificRecord>> types() {
        List<Class<? extends SpecificRecord>> types = new ArrayList<>(List.of(JoinState.class));
        new Topics("any", 1).all().stream().map(Topic::valueType).distinct().forEach(types::add);
        return types;
    }

    /** A record's schema as the registry gets it. */
    private static Schema schema(Class<? extends SpecificRecord> type) throws ReflectiveOperationException {
        return AvroSchemaUtils.getSchema(type.getDeclaredConstructor().newInstance(), false, false, true);
    }

    /** Generic data as the event it describes. */
    private static <V extends SpecificRecord> V specific(Class<V> type, Object generic) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<>(schema(type)).write(generic, encoder);
        encoder.flush();
        return type.cast(new SpecificDatumReader<>(type)
                .read(null, DecoderFactory.get().binaryDecoder(bytes.toByteArray(), null)));
    }

    @Test
    void shouldRegisterOneVersionWhenATopicIsRegisteredAndWrittenTo() throws Exception {
        Topic<Value> topic = topics.values();

        serdes.register(topics);
        serdes.serializer(topic)
                .serialize(topic.name(), new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, null, null));

        assertThat(MockSchemaRegistry.getClientForScope(SCOPE).getAllVersions(topic.name() + "-value"))
                .containsExactly(1);
    }

    @Test
    void shouldRefuseARecordWhenItHasNoValue() {
        Topic<Value> topic = topics.values();

        assertThatThrownBy(() -> serdes.deserializer(topic).deserialize(topic.name(), null))
                .isInstanceOf(SerializationException.class)
                .hasMessage("a record without a value, where a Value belongs");
    }

    @Test
    void shouldRegisterTheSchemaOfEveryTopic() throws Exception {
        String scope = "all-topics";
        Topics topics = new Topics("test", 1);
        SchemaRegistryClient registry = MockSchemaRegistry.getClientForScope(scope);
        try (EventSerdes serdes = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + scope, Map.of()))) {
            serdes.register(topics);
            for (Topic<? extends SpecificRecord> topic : topics.all()) {
                String registered = registry.getLatestSchemaMetadata(topic.name() + "-value")
                        .getSchema();
                assertThat(new Schema.Parser().parse(registered))
                        .as(topic.name())
                        .isEqualTo(schema(topic.valueType()));
            }
        } finally {
            MockSchemaRegistry.dropScope(scope);
        }
    }
}
