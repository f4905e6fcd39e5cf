package io.sppostream.history.recorded;

import io.sppostream.log.EventRecord;
import io.sppostream.log.LogCursor;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Recorded events by position. Callers take them nearly in the order of the topic, so few are buffered. Not thread-safe.
 */
public final class RecordedEvents<V extends SpecificRecord> implements AutoCloseable {
    private final LogCursor<V> cursor;
    private final Predicate<V> wanted;
    private final Map<Integer, Map<Long, V>> buffered = new HashMap<>();
    private final Map<Integer, Long> reached = new HashMap<>();

    /** @param cursor reads the topic; closed with this */
    public RecordedEvents(LogCursor<V> cursor) {
        this(cursor, event -> true);
    }

    /** @param wanted whether an event will be taken; others are not buffered */
    public RecordedEvents(LogCursor<V> cursor, Predicate<V> wanted) {
        this.cursor = cursor;
        this.wanted = wanted;
    }

    /** Takes the event at a position; null if there is none, or it was taken before. */
    public @Nullable V take(int partition, long offset) {
        while (reached.getOrDefault(partition, -1L) < offset && cursor.hasNext()) {
            EventRecord<V> record = cursor.next();
            if (wanted.test(record.event())) {
                buffered.computeIfAbsent(record.partition(), key -> new HashMap<>())
                        .put(record.offset(), record.event());
            }
            reached.put(record.partition(), record.offset());
        }
        Map<Long, V> ofPartition = buffered.get(partition);
        return ofPartition == null ? null : ofPartition.remove(offset);
    }

    @Override
    public void close() {
        cursor.close();
    }
}
