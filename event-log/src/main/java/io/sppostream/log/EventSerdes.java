package io.sppostream.log;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientConfig;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Serializers and deserializers of the events in the format of Confluent's, sharing one registry client: values begin
 * with the id of their schema. Thread-safe, and so are the serializers and deserializers that it returns: all threads of
 * a Kafka Streams application share those of its topology. While the registry is out they wait for it, for a minute at
 * most, and then throw a {@link LogException}; a {@link SerializationException} always means the record.
 */
public final class EventSerdes implements AutoCloseable {
    static {
        // Avro instantiates trusted classes only.
        String events = Rollout.class.getPackageName();
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(events)));
    }

    /** How long the registry may take for one answer, in milliseconds. */
    private static final int ANSWER_MS = 10_000;

    private static final int HTTP_SERVER_ERROR = 500;

    /** Bytes of a value before its Avro encoding: a zero, and the id of its schema. */
    public static final int HEADER = 5;

    private final Map<Integer, Schema> writerSchemas = new ConcurrentHashMap<>();
    private final SchemaRegistryClient registry;
    private final Map<String, Object> settings;
    private final RegistryOutages outages;
    private final SchemaSubjects subjects;
    private final Set<String> unused;
    private final LogObserver observer;

    public EventSerdes(KafkaSettings kafka) {
        this(kafka, LogObserver.NONE);
    }

    /** @param observer learns what the roles that use these serdes do */
    public EventSerdes(KafkaSettings kafka, LogObserver observer) {
        this(kafka, RegistryOutages.PATIENCE, observer);
    }

    /** @param patience how long a serializer or deserializer waits in all while the registry is out */
    EventSerdes(KafkaSettings kafka, Duration patience) {
        this(kafka, patience, LogObserver.NONE);
    }

    private EventSerdes(KafkaSettings kafka, Duration patience, LogObserver observer) {
        this.observer = observer;
        this.settings = kafka.registry();
        settings.put("schema.registry.url", kafka.schemaRegistryUrl());
        settings.put("avro.remove.java.properties", true);
        // Serializers wait for a registry that is out; a hung one must not stretch that wait.
        settings.putIfAbsent(SchemaRegistryClientConfig.HTTP_CONNECT_TIMEOUT_MS, ANSWER_MS);
        settings.putIfAbsent(SchemaRegistryClientConfig.HTTP_READ_TIMEOUT_MS, ANSWER_MS);
        String url = kafka.schemaRegistryUrl();
        this.outages = new RegistryOutages(url, patience);
        String mockScope = MockSchemaRegistry.validateAndMaybeGetMockScope(List.of(url));
        this.registry = mockScope == null
                ? new RegistryClient(url, List.of(new AvroSchemaProvider()), settings)
                : MockSchemaRegistry.getClientForScope(mockScope, List.of(new AvroSchemaProvider()));
        this.subjects = new SchemaSubjects(registry, outages);
        this.unused = Set.of();
    }

    private EventSerdes(EventSerdes all, Set<String> unused) {
        this.registry = all.registry;
        this.settings = all.settings;
        this.outages = all.outages;
        this.subjects = all.subjects;
        this.observer = all.observer;
        this.unused = Set.copyOf(unused);
    }

    /**
     * These serializers, with deserializers of topics that leave out fields their readers do not use: those are skipped,
     * not decoded, and have empty values.
     *
     * @param fields of type string, array or map, as {@code Record.field}
     */
    public EventSerdes without(Set<String> fields) {
        return new EventSerdes(this, fields);
    }

    /** A serializer of a topic's events. The first event registers their schema under {@code <topic>-value}. */
    public <V extends SpecificRecord> Serializer<V> serializer(Topic<V> topic) {
        return serializer(topic.valueType());
    }

    /** A deserializer of a topic's events. */
    public <V extends SpecificRecord> Deserializer<V> deserializer(Topic<V> topic) {
        return deserializer(topic.valueType());
    }

    /**
     * The schema that a value in the registry's format was written with. It is the same instance for each of its values.
     *
     * @throws SerializationException if the value names no Avro schema
     * @throws LogException if the registry is out for too long
     */
    public Schema writerSchema(byte @Nullable [] value) {
        if (value == null || value.length < HEADER || value[0] != 0) {
            throw new SerializationException("a value that does not name its schema");
        }
        int id = ByteBuffer.wrap(value).getInt(1);
        Schema known = writerSchemas.get(id); // Each record asks; the lambda below would be another object each time.
        return known != null
                ? known
                : writerSchemas.computeIfAbsent(id, key -> outages.reading(() -> fetchSchema(key)));
    }

    private Schema fetchSchema(int id) {
        try {
            if (registry.getSchemaById(id) instanceof AvroSchema avro) {
                return avro.rawSchema();
            }
            throw new SerializationException("schema " + id + " is not an Avro schema");
        } catch (RestClientException e) {
            throw new SerializationException("schema " + id + " can't be fetched", e);
        } catch (IOException e) {
            throw new SerializationException("schema " + id + " can't be fetched", new RegistryOutages.Unanswered(e));
        }
    }

    /** Serializer and deserializer of a topic, for Kafka Streams. */
    public <V extends SpecificRecord> Serde<V> serde(Topic<V> topic) {
        return serde(topic.valueType());
    }

    /**
     * Serializer and deserializer of a state store's values, which need no registry: Avro's single-object encoding, which
     * begins with the bytes C3 01. Values in the registry's format, which begin with 0, as former versions wrote them to
     * the changelog, are read too.
     */
    public <V extends SpecificRecord> Serde<V> stateSerde(Class<V> type) {
        SpecificData model = SpecificData.getForClass(type);
        Schema schema = model.getSchema(type);
        EventCodec<V> codec = new EventCodec<>(type);
        byte[] header = singleObjectHeader(schema);
        BinaryMessageDecoder<V> decoder = new BinaryMessageDecoder<>(model, schema);
        earlierVersions(type).forEach(decoder::addSchema);
        Deserializer<V> former = deserializer(type);
        return Serdes.serdeFrom((name, value) -> codec.write(value, header), (name, bytes) -> {
            if (bytes != null && bytes.length > 0 && bytes[0] == 0) {
                return former.deserialize(name, bytes);
            }
            try {
                return bytes != null && Arrays.mismatch(header, bytes) == header.length
                        ? codec.read(bytes, header.length)
                        : decoder.decode(bytes);
            } catch (IOException | RuntimeException e) {
                throw new SerializationException("a value of " + name + " can't be decoded", e);
            }
        });
    }

    /** C3 01, and the fingerprint of the schema. */
    private static byte[] singleObjectHeader(Schema schema) {
        byte[] fingerprint = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(SchemaNormalization.parsingFingerprint64(schema))
                .array();
        return ByteBuffer.allocate(2 + fingerprint.length)
                .put((byte) 0xC3)
                .put((byte) 0x01)
                .put(fingerprint)
                .array();
    }

    /** The versions of a state's schema, this one included: what an earlier version of the software has stored. */
    private static List<Schema> earlierVersions(Class<?> type) {
        List<Schema> versions = new ArrayList<>();
        while (true) {
            String name = "/history/" + type.getSimpleName() + "/v" + (versions.size() + 1) + ".avsc";
            try (InputStream in = type.getResourceAsStream(name)) {
                if (in == null) {
                    return versions;
                }
                versions.add(new Schema.Parser().parse(in));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Serializer and deserializer of a type that is not on a topic of the catalogue. */
    public <V extends SpecificRecord> Serde<V> serde(Class<V> type) {
        return Serdes.serdeFrom(serializer(type), deserializer(type));
    }

    private <V extends SpecificRecord> Serializer<V> serializer(Class<V> type) {
        return new EventSerializer<>(
                new KafkaAvroSerializer(registry, settings), new EventCodec<>(type), outages, observer);
    }

    private <V extends SpecificRecord> Deserializer<V> deserializer(Class<V> type) {
        EventCodec<V> codec = new EventCodec<>(type, unused);
        Map<Schema, Optional<SparseReader<V>>> others = new ConcurrentHashMap<>();
        return (name, bytes) -> {
            if (bytes == null) {
                throw new SerializationException(
                        "a record without a value, where a " + type.getSimpleName() + " belongs");
            }
            Schema writer = writerSchema(bytes);
            Optional<SparseReader<V>> other = others.get(writer);
            if (other == null) {
                other = codec.isCurrent(writer)
                        ? Optional.empty()
                        : Optional.of(new SparseReader<>(type, writer, unused));
                others.put(writer, other);
            }
            try {
                return other.isEmpty() ? codec.read(bytes, HEADER) : other.get().read(bytes, HEADER);
            } catch (IOException | RuntimeException e) {
                throw new SerializationException("a value that is not an event of type " + type.getSimpleName(), e);
            }
        };
    }

    /** Learns what the roles that use these serdes do. */
    public LogObserver observer() {
        return observer;
    }

    /**
     * Asks the registry for its compatibility level, to see whether it answers. Any answer will do, a refusal included.
     *
     * @throws IOException if it does not answer
     */
    public void requireRegistry() throws IOException {
        try {
            registry.getCompatibility(null);
        } catch (RestClientException e) {
            if (e.getStatus() >= HTTP_SERVER_ERROR) {
                throw new IOException("the registry fails: " + e.getMessage(), e);
            }
        }
    }

    /**
     * Registers the schemas of all topics, so that the registry refuses an incompatible one before any role starts, and
     * sets their compatibility to FULL_TRANSITIVE. With {@code auto.register.schemas=false} it only checks both.
     *
     * @throws LogException if the registry refuses it, has not what should be there, or cannot be reached
     */
    public void register(Topics topics) {
        if (Boolean.parseBoolean(
                String.valueOf(settings.getOrDefault(AbstractKafkaSchemaSerDeConfig.AUTO_REGISTER_SCHEMAS, true)))) {
            subjects.register(topics);
        } else {
            subjects.check(topics);
        }
    }

    /**
     * Compares the schemas of all topics with the registered versions, and changes nothing.
     *
     * @return for each version that a schema is incompatible with: subject, version, and the differences
     * @throws LogException if the registry cannot be reached
     */
    public List<String> incompatibilities(Topics topics) {
        return subjects.incompatibilities(topics);
    }

    /**
     * Deletes the schemas that are registered for the values of topics, for good.
     *
     * @throws LogException if the registry refuses it
     */
    public void unregister(Collection<String> topics) {
        subjects.unregister(topics);
    }

    @Override
    public void close() {
        outages.close();
        try {
            registry.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
