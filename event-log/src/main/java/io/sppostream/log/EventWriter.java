package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/**
 * Writes events outside of any transaction, with an idempotent producer: an acknowledged event is on the log exactly
 * once. Not thread-safe.
 */
public final class EventWriter implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private final EventEncoder encoder;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    public EventWriter(KafkaSettings kafka, EventSerdes serdes) {
        this.producer = kafka.clients().producer(kafka.producer());
        this.encoder = new EventEncoder(serdes);
    }

    /** Sends an event without waiting for its acknowledgement; {@link #flush} reports failures. */
    public <V extends SpecificRecord> void send(Topic<V> topic, String key, V event) {
        producer.send(encoder.encode(topic, key, event), (sent, refused) -> {
            if (refused != null) {
                failure.compareAndSet(null, refused);
            }
        });
    }

    /**
     * Waits until all sent events are acknowledged.
     *
     * @throws LogException if the log did not accept one of them
     */
    public void flush() {
        producer.flush();
        Exception refused = failure.get();
        if (refused != null) {
            throw new LogException("the log did not accept an event: " + LogException.reason(refused), refused);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
