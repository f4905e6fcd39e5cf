package io.sppostream.advantage;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * When the join has to look at which request, in a store ordered by time. To find what is due it reads the head of the
 * store only. A deadline is not moved when its request makes progress: whoever looks too early adds another one. For one
 * thread.
 */
final class Deadlines {
    /**
     * An entry of the store.
     *
     * @param at in milliseconds since the epoch, not negative
     */
    record Deadline(long at, String requestId) {}

    /** Sorts by time: 8 bytes, big-endian, followed by the request id. */
    static final Serde<Deadline> SERDE = Serdes.serdeFrom(
            (topic, deadline) -> {
                byte[] id = deadline.requestId().getBytes(UTF_8);
                return ByteBuffer.allocate(Long.BYTES + id.length)
                        .putLong(deadline.at())
                        .put(id)
                        .array();
            },
            (topic, bytes) -> new Deadline(
                    ByteBuffer.wrap(bytes).getLong(), new String(bytes, Long.BYTES, bytes.length - Long.BYTES, UTF_8)));

    private static final byte[] NOTHING = {};

    private final KeyValueStore<Deadline, byte[]> store;

    /** No deadline lies before this time, so that no look passes the remains of those that were taken. */
    private long head;

    Deadlines(KeyValueStore<Deadline, byte[]> store) {
        this.store = store;
    }

    void add(long at, String requestId) {
        store.put(new Deadline(at, requestId), NOTHING);
        head = Math.min(head, at);
    }

    /** Whether there is no deadline. */
    boolean isEmpty() {
        try (KeyValueIterator<Deadline, byte[]> all = store.all()) {
            return !all.hasNext();
        }
    }

    /**
     * Removes the deadlines that have passed, and returns the ids of their requests, earliest first.
     *
     * @param most how many; the others remain for the next call
     */
    List<String> take(long now, int most) {
        if (head > now) {
            return List.of();
        }
        List<Deadline> due = new ArrayList<>();
        try (KeyValueIterator<Deadline, byte[]> passed =
                store.range(new Deadline(head, ""), new Deadline(now + 1, ""))) {
            while (due.size() < most && passed.hasNext()) {
                due.add(passed.next().key);
            }
        }
        due.forEach(store::delete);
        head = due.size() < most ? now + 1 : due.get(due.size() - 1).at();
        return due.stream().map(Deadline::requestId).toList();
    }
}
