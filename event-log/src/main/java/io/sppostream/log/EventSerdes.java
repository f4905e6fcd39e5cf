package io.sppostream.log;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaUtils;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Confluent's Avro serializers for the events, sharing one registry client. Thread-safe; the serializers and
 * deserializers that it returns are not, so each caller gets its own.
 */
public final class EventSerdes implements AutoCloseable {
    static {
        // Avro instantiates trusted classes only.
        String events = Rollout.class.getPackageName();
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(events)));
    }

    private final SchemaRegistryClient registry;
    private final Map<String, Object> settings;

    public EventSerdes(KafkaSettings kafka) {
        this.settings = kafka.registry();
        settings.put("schema.registry.url", kafka.schemaRegistryUrl());
        settings.put("specific.avro.reader", true);
        settings.put("avro.remove.java.properties", true);
        String url = kafka.schemaRegistryUrl();
        String mockScope = MockSchemaRegistry.validateAndMaybeGetMockScope(List.of(url));
        this.registry = mockScope == null
                ? new RegistryClient(url, List.of(new AvroSchemaProvider()), settings)
                : MockSchemaRegistry.getClientForScope(mockScope, List.of(new AvroSchemaProvider()));
    }

    /** A serializer of a topic's events. The first event registers their schema under {@code <topic>-value}. */
    public <V extends SpecificRecord> Serializer<V> serializer(Topic<V> topic) {
        return serializer();
    }

    /** A deserializer of a topic's events. */
    public <V extends SpecificRecord> Deserializer<V> deserializer(Topic<V> topic) {
        return deserializer(topic.valueType());
    }

    /** Serializer and deserializer of a topic, for Kafka Streams. */
    public <V extends SpecificRecord> Serde<V> serde(Topic<V> topic) {
        return serde(topic.valueType());
    }

    /** Serializer and deserializer of a type that is not on a topic of the catalogue, for state stores. */
    public <V extends SpecificRecord> Serde<V> serde(Class<V> type) {
        return Serdes.serdeFrom(serializer(), deserializer(type));
    }

    private <V extends SpecificRecord> Serializer<V> serializer() {
        KafkaAvroSerializer serializer = new KafkaAvroSerializer(registry, settings);
        return (name, event) -> serialize(serializer, name, event);
    }

    private <V extends SpecificRecord> Deserializer<V> deserializer(Class<V> type) {
        KafkaAvroDeserializer deserializer = new KafkaAvroDeserializer(registry, settings);
        return (name, bytes) -> {
            if (bytes == null) {
                throw new SerializationException(
                        "a record without a value, where a " + type.getSimpleName() + " belongs");
            }
            return type.cast(deserialize(deserializer, name, bytes));
        };
    }

    private byte[] serialize(KafkaAvroSerializer serializer, String name, Object event) {
        try {
            return serializer.serialize(name, event);
        } catch (SerializationException e) {
            throw isOutage(e.getCause()) ? unreachable(e) : e;
        }
    }

    /** A record whose schema cannot be fetched now is not a bad record: it must not be sent to the DLQ. */
    private Object deserialize(KafkaAvroDeserializer deserializer, String name, byte[] bytes) {
        try {
            return deserializer.deserialize(name, bytes);
        } catch (SerializationException e) {
            if (isOutage(e.getCause())) {
                throw unreachable(e);
            }
            throw e;
        }
    }

    /** Bytes that are not an event cause an IOException too, but none of these types. */
    private static boolean isOutage(@Nullable Throwable cause) {
        return cause instanceof SocketException
                || cause instanceof InterruptedIOException
                || cause instanceof UnknownHostException
                || cause instanceof SSLException
                || (cause instanceof RestClientException refusal && refusal.getStatus() >= 500);
    }

    private LogException unreachable(Exception e) {
        return new LogException(
                "the schema registry at " + settings.get("schema.registry.url") + " can't be reached: "
                        + LogException.reason(e),
                e);
    }

    /**
     * Registers the schemas of all topics, so that the registry refuses an incompatible one before any role starts.
     *
     * @throws LogException if the registry refuses a schema or cannot be reached
     */
    public void register(Topics topics) {
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            register(topic);
        }
    }

    private <V extends SpecificRecord> void register(Topic<V> topic) {
        try {
            V event = topic.valueType().getDeclaredConstructor().newInstance();
            registry.register(
                    topic.name() + "-value", new AvroSchema(AvroSchemaUtils.getSchema(event, false, false, true)));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } catch (RestClientException e) {
            throw new LogException(
                    "the schema registry refuses the schema of " + topic.name() + ": " + LogException.reason(e)
                            + " (use another namespace, or make the schema compatible with the registered one)");
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    /**
     * Deletes the schemas that are registered for the values of topics, for good.
     *
     * @throws LogException if the registry refuses it
     */
    public void unregister(Collection<String> topics) {
        for (String topic : topics) {
            // A registry deletes a subject for good only after it was marked as deleted.
            unregister(topic + "-value", false);
            unregister(topic + "-value", true);
        }
    }

    private void unregister(String subject, boolean permanent) {
        try {
            registry.deleteSubject(subject, permanent);
        } catch (RestClientException e) {
            if (e.getStatus() != 404) {
                throw new LogException(
                        "the schema registry refuses to delete subject " + subject + ": " + LogException.reason(e));
            }
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    @Override
    public void close() {
        try {
            registry.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
