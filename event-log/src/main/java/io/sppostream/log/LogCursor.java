package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/**
 * Iterates over the events of a topic between offsets, in order within a partition. It waits for transactions that are
 * open before the end. Events are decoded one at a time. Records that cannot be decoded are skipped and counted. Not
 * thread-safe.
 */
public final class LogCursor<V extends SpecificRecord> implements Iterator<EventRecord<V>>, AutoCloseable {
    private final RecordCursor records;
    private final Predicate<String> wanted;
    private final EventDecoder decoder;

    /** The next event, if {@link #hasNext} has found it. */
    private @Nullable EventRecord<V> next;

    private long unreadable;

    /**
     * @param records of the topic; closed with this
     * @param wanted whether to decode the events of a key
     */
    LogCursor(RecordCursor records, EventSerdes serdes, Topic<V> topic, Predicate<String> wanted) {
        this.records = records;
        this.wanted = wanted;
        this.decoder = new EventDecoder(serdes, List.of(topic));
    }

    /**
     * Whether another event follows.
     *
     * @throws LogException if a transaction stays open for too long, or the broker does not answer
     */
    @Override
    public boolean hasNext() {
        while (next == null && records.hasNext()) {
            next = decode(records.next());
        }
        return next != null;
    }

    @SuppressWarnings("unchecked")
    private @Nullable EventRecord<V> decode(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() != null && !wanted.test(new String(record.key(), UTF_8))) {
            return null;
        }
        try {
            return (EventRecord<V>) decoder.decode(record);
        } catch (SerializationException e) {
            unreadable++;
            return null;
        }
    }

    @Override
    public EventRecord<V> next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException();
        }
        EventRecord<V> event = next;
        next = null;
        return event;
    }

    /** Number of records that could not be decoded so far. */
    public long unreadable() {
        return unreadable;
    }

    @Override
    public void close() {
        records.close();
    }
}
