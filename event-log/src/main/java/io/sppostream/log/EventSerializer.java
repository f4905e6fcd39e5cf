package io.sppostream.log;

import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what Confluent's serializer writes, faster: the first event of a topic goes through Confluent's, which asks the
 * registry for the schema's id. If the id and {@link EventCodec} give the same bytes, they make those of all further
 * events. They do not if the user has told Confluent's serializer to write another version of the schema.
 * Thread-safe.
 */
final class EventSerializer<V extends SpecificRecord> implements Serializer<V> {
    private final KafkaAvroSerializer confluent;
    private final EventCodec<V> codec;
    private final RegistryOutages outages;
    private final LogObserver observer;

    /** What the values of each topic begin with; empty if only Confluent's serializer knows. */
    private final Map<String, byte[]> headers = new ConcurrentHashMap<>();

    EventSerializer(KafkaAvroSerializer confluent, EventCodec<V> codec, RegistryOutages outages, LogObserver observer) {
        this.observer = observer;
        this.confluent = confluent;
        this.codec = codec;
        this.outages = outages;
    }

    @Override
    public byte @Nullable [] serialize(String topic, @Nullable V event) {
        byte[] bytes = bytes(topic, event);
        if (event != null) {
            observer.written(event);
        }
        return bytes;
    }

    private byte @Nullable [] bytes(String topic, @Nullable V event) {
        byte[] header = headers.get(topic);
        if (event == null || header == null || header.length == 0) {
            byte[] bytes = outages.writing(() -> confluent.serialize(topic, event));
            if (event != null && header == null) {
                byte[] first = Arrays.copyOf(bytes, Math.min(bytes.length, EventSerdes.HEADER));
                headers.put(topic, Arrays.equals(bytes, codec.write(event, first)) ? first : new byte[0]);
            }
            return bytes;
        }
        try {
            return codec.write(event, header);
        } catch (RuntimeException e) {
            return outages.writing(() -> confluent.serialize(topic, event)); // Says what is wrong with the event.
        }
    }
}
