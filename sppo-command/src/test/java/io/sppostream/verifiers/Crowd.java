package io.sppostream.verifiers;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Holds requests back until there is a crowd of them, and then lets the oldest pass each time that another arrives. So
 * all of them pass only if the asker always has a crowd's worth of requests under way, however slow the machine is. By
 * Little's law such an asker has {@code size} answers a second where an answer takes a second.
 */
final class Crowd {
    private final int size;
    private final int total;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int arrived;
    private boolean open;

    /**
     * @param size number of requests that wait at once
     * @param total number of requests that arrive; after the last one all pass
     */
    Crowd(int size, int total) {
        this.size = size;
        this.total = total;
    }

    void arrive(Runnable answer) {
        List<Runnable> passing;
        synchronized (this) {
            waiting.addLast(answer);
            arrived++;
            if (waiting.size() > size) {
                throw new IllegalStateException(waiting.size() + " requests at once");
            }
            passing = passing();
        }
        passing.forEach(Runnable::run);
    }

    /** Nobody passes before this call. */
    void open() {
        List<Runnable> passing;
        synchronized (this) {
            open = true;
            passing = passing();
        }
        passing.forEach(Runnable::run);
    }

    private List<Runnable> passing() {
        List<Runnable> passing = new ArrayList<>();
        while (open && !waiting.isEmpty() && (waiting.size() >= size || arrived >= total)) {
            passing.add(waiting.removeFirst());
        }
        return passing;
    }

    synchronized int waiting() {
        return waiting.size();
    }
}
