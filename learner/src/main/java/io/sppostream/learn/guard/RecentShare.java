package io.sppostream.learn.guard;

import java.util.BitSet;

/** How many of the last so many were such; nothing is said before there were so many. For one thread. */
final class RecentShare {
    private final int size;
    private final BitSet ring;
    private long seen;

    RecentShare(int size) {
        this.size = size;
        this.ring = new BitSet(size);
    }

    void add(boolean such) {
        ring.set((int) (seen++ % size), such);
    }

    /** Whether the share is larger than a threshold. */
    boolean exceeds(double threshold) {
        return seen >= size && ring.cardinality() > threshold * size;
    }

    /** As in "12 of the last 100". */
    @Override
    public String toString() {
        return ring.cardinality() + " of the last " + size;
    }
}
