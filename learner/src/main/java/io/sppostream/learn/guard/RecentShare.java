package io.sppostream.learn.guard;

import java.util.BitSet;

/** The share of true among the last N observations; undefined before there are N. For one thread. */
final class RecentShare {
    private final int size;
    private final BitSet ring;
    private long seen;

    RecentShare(int size) {
        this.size = size;
        this.ring = new BitSet(size);
    }

    void add(boolean observation) {
        ring.set((int) (seen++ % size), observation);
    }

    /** Whether the share is larger than a threshold; false while it is undefined. */
    boolean exceeds(double threshold) {
        return seen >= size && ring.cardinality() > threshold * size;
    }

    /** As in "12 of the last 100". */
    @Override
    public String toString() {
        return ring.cardinality() + " of the last " + size;
    }
}
