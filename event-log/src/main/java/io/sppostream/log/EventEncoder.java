package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serializer;

/** Encodes events as records. Not thread-safe. */
public final class EventEncoder {
    private final EventSerdes serdes;
    private final Map<String, Serializer<? extends SpecificRecord>> serializers = new HashMap<>();

    public EventEncoder(EventSerdes serdes) {
        this.serdes = serdes;
    }

    /** The record of an event; its partition is left to the producer. */
    public <V extends SpecificRecord> ProducerRecord<byte[], byte[]> encode(Topic<V> topic, String key, V event) {
        @SuppressWarnings("unchecked")
        Serializer<V> serializer =
                (Serializer<V>) serializers.computeIfAbsent(topic.name(), name -> serdes.serializer(topic));
        return new ProducerRecord<>(topic.name(), key.getBytes(UTF_8), serializer.serialize(topic.name(), event));
    }
}
