package io.sppostream.log;

import io.sppostream.events.catalogue.Topic;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/** Writes events outside of any transaction: each is there once it is acknowledged, and once only. For one thread. */
public final class EventWriter implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private final EventEncoder encoder;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    public EventWriter(KafkaSettings kafka, EventSerdes serdes) {
        this.producer = kafka.clients().producer(kafka.producer());
        this.encoder = new EventEncoder(serdes);
    }

    /** Sends an event, without waiting for its acknowledgement. */
    public <V extends SpecificRecord> void send(Topic<V> topic, String key, V event) {
        producer.send(encoder.encode(topic, key, event), (sent, refused) -> {
            if (refused != null) {
                failure.compareAndSet(null, refused);
            }
        });
    }

    /**
     * Waits until all that was sent is acknowledged.
     *
     * @throws LogException where something was not accepted
     */
    public void flush() {
        producer.flush();
        Exception refused = failure.get();
        if (refused != null) {
            throw new LogException("the log does not accept what is sent: " + LogException.reason(refused), refused);
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
