package io.sppostream.advantage;

import io.sppostream.events.JoinState;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.log.LogObserver;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Counts the rollouts that wait in the join of a partition, and how long the first has waited, for a {@link LogObserver}.
 * Its memory is bounded: it remembers when the first requests arrived, and takes up further ones as those settle, so that
 * it may report too short a time while more wait. For one thread.
 */
final class JoinBacklog {
    private static final int REMEMBERED = 10_000;

    private final LogObserver observer;
    private final int partition;

    /** When a request began to wait, in milliseconds since the epoch, in that order. */
    private final Map<String, Long> since = new LinkedHashMap<>();

    private long rollouts;

    /** A request that waited at the start. */
    private record Waiting(String requestId, long since) {}

    JoinBacklog(LogObserver observer, int partition) {
        this.observer = observer;
        this.partition = partition;
    }

    /**
     * Counts what the stores hold at the start, unless nobody observes: it reads all rollouts that wait.
     *
     * @param waiting the rollouts, by rollout id
     * @param requests the states of their requests
     */
    void restore(KeyValueStore<String, byte[]> waiting, KeyValueStore<String, JoinState> requests) {
        if (!isObserved()) {
            return;
        }
        PriorityQueue<Waiting> first =
                new PriorityQueue<>(Comparator.comparing(Waiting::since).reversed());
        String last = "";
        try (KeyValueIterator<String, byte[]> all = waiting.all()) {
            while (all.hasNext()) {
                String requestId = RolloutIds.requestId(all.next().key);
                rollouts++;
                if (!requestId.equals(last)) {
                    last = requestId;
                    JoinState state = requests.get(requestId);
                    if (state != null) {
                        first.add(new Waiting(requestId, state.getUpdatedAt().toEpochMilli()));
                    }
                    if (first.size() > REMEMBERED) {
                        first.remove();
                    }
                }
            }
        }
        first.stream()
                .sorted(Comparator.comparing(Waiting::since))
                .forEach(request -> since.put(request.requestId(), request.since()));
    }

    /** The number of a request's rollouts that wait; 0 if nobody observes, since counting takes time with each record. */
    int waiting(RequestState request) {
        return isObserved() ? request.waiting() : 0;
    }

    /** The number of a request's rollouts that wait has changed. */
    void changed(String requestId, int before, int now, long time) {
        if (before == now) {
            return;
        }
        rollouts += now - before;
        if (now == 0) {
            since.remove(requestId);
        } else if (before == 0 && since.size() < REMEMBERED) {
            since.putIfAbsent(requestId, time);
        }
    }

    /** Tells the observer. */
    void report(long now) {
        Iterator<Long> first = since.values().iterator();
        observer.joinWaits(
                partition, rollouts, first.hasNext() ? Duration.ofMillis(now - first.next()) : Duration.ZERO);
    }

    /** Tells the observer that the partition is no longer joined here. */
    void end() {
        observer.joinWaits(partition, 0, Duration.ZERO);
    }

    private boolean isObserved() {
        return observer != LogObserver.NONE;
    }
}
