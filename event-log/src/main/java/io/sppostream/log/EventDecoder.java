package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** Decodes the records of some topics. Not thread-safe. */
public final class EventDecoder {
    private final Map<String, Deserializer<? extends SpecificRecord>> deserializers = new HashMap<>();

    public EventDecoder(EventSerdes serdes, List<Topic<? extends SpecificRecord>> topics) {
        for (Topic<? extends SpecificRecord> topic : topics) {
            deserializers.put(topic.name(), serdes.deserializer(topic));
        }
    }

    /** Names of the topics it decodes. */
    public Set<String> topics() {
        return deserializers.keySet();
    }

    /**
     * Decodes a record of one of the topics.
     *
     * @throws SerializationException if the record is not an event of its topic
     * @throws LogException if the registry is out for too long
     */
    public EventRecord<?> decode(ConsumerRecord<byte[], byte[]> record) {
        Deserializer<? extends SpecificRecord> deserializer =
                Objects.requireNonNull(deserializers.get(record.topic()), record.topic());
        SpecificRecord event = deserializer.deserialize(record.topic(), record.value());
        if (event == null || record.key() == null) {
            throw new SerializationException("a record without " + (event == null ? "a value" : "a key"));
        }
        return new EventRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                new String(record.key(), UTF_8),
                event,
                Redelivery.isRedelivered(record));
    }
}
