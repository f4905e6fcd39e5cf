package io.sppostream.feed;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** A set of indices, of one bit each where they lie close together. Not thread-safe. */
final class IndexSet {
    private static final int PAGE_BITS = 12;

    private final Map<Long, BitSet> pages = new HashMap<>();
    private long size;

    /** Adds an index, if it is not in the set. */
    void add(long index) {
        BitSet page = pages.computeIfAbsent(index >> PAGE_BITS, key -> new BitSet());
        int bit = (int) (index & ((1 << PAGE_BITS) - 1));
        if (!page.get(bit)) {
            page.set(bit);
            size++;
        }
    }

    /** Whether an index is in the set. */
    boolean contains(long index) {
        BitSet page = pages.get(index >> PAGE_BITS);
        return page != null && page.get((int) (index & ((1 << PAGE_BITS) - 1)));
    }

    /** Whether all indices of a range are in the set, the last one excluded. */
    boolean containsAll(long from, long to) {
        for (long index = from; index < to; index++) {
            if (!contains(index)) {
                return false;
            }
        }
        return true;
    }

    /** Number of indices. */
    long size() {
        return size;
    }
}
