package io.sppostream.history.audit;

import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventCodec;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.Redelivery;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * The events of a topic in their encoding. Values that this version of the program could have written are taken as they
 * are; others are decoded and encoded again, so equal events have equal encodings. Not thread-safe.
 */
final class EncodedEvents<V extends SpecificRecord> {
    private final EventSerdes serdes;
    private final Topic<V> topic;
    private final Schema schema;
    private final Deserializer<V> deserializer;
    private final EventCodec<V> codec;
    private final Map<Schema, Boolean> current = new HashMap<>();

    EncodedEvents(EventSerdes serdes, Topic<V> topic) {
        this.serdes = serdes;
        this.topic = topic;
        this.schema = SpecificData.getForClass(topic.valueType()).getSchema(topic.valueType());
        this.deserializer = serdes.deserializer(topic);
        this.codec = new EventCodec<>(topic.valueType());
    }

    /** The event of a record; null if it is not an event of the topic. */
    @Nullable
    EncodedEvent of(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            return null;
        }
        try {
            byte[] value = record.value();
            EncodedRecord event = isCurrent(serdes.writerSchema(value))
                    ? new EncodedRecord(schema, value, EventSerdes.HEADER)
                    : new EncodedRecord(schema, codec.write(deserializer.deserialize(topic.name(), value)), 0);
            return new EncodedEvent(
                    record.topic(), record.partition(), record.offset(), event, Redelivery.isRedelivered(record));
        } catch (SerializationException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    /** Whether values of a schema are encoded as those of this program's schema. */
    private boolean isCurrent(Schema writer) {
        return current.computeIfAbsent(writer, codec::isCurrent);
    }
}
