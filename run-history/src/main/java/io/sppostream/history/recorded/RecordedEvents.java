package io.sppostream.history.recorded;

import io.sppostream.log.EventRecord;
import io.sppostream.log.LogCursor;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Recorded events by where they lie. They are asked for nearly in the order of their topic, so that few are read before
 * they are wanted. For one thread.
 */
public final class RecordedEvents<V extends SpecificRecord> implements AutoCloseable {
    private final LogCursor<V> cursor;
    private final Map<Integer, Map<Long, V>> read = new HashMap<>();
    private final Map<Integer, Long> reached = new HashMap<>();

    /** @param cursor on the topic; closed with this */
    public RecordedEvents(LogCursor<V> cursor) {
        this.cursor = cursor;
    }

    /** Takes the event that lies somewhere; null where there is none, or it has been taken. */
    public @Nullable V take(int partition, long offset) {
        while (reached.getOrDefault(partition, -1L) < offset && cursor.hasNext()) {
            EventRecord<V> received = cursor.next();
            read.computeIfAbsent(received.partition(), key -> new HashMap<>()).put(received.offset(), received.event());
            reached.put(received.partition(), received.offset());
        }
        Map<Long, V> there = read.get(partition);
        return there == null ? null : there.remove(offset);
    }

    @Override
    public void close() {
        cursor.close();
    }
}
