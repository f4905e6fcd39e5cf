package io.sppostream.model;

/**
 * The number of keys that attention is computed over. Its kernels depend on it, so it is a function of a row's own
 * length: the row's bits then do not depend on the rows beside it. Lengths are rounded up, so that rows of similar
 * length are computed together, with the keys past their ends masked.
 */
final class KeyLengths {

    /** Up to this length nothing is rounded: masks would cost more than the few keys. */
    static final int EXACT = 32;

    private KeyLengths() {}

    /** At most an eighth more than the length, or 15: a multiple of an eighth of the power of two at or below it. */
    static int rounded(int length) {
        if (length <= EXACT) {
            return length;
        }
        int multiple = Math.max(16, Integer.highestOneBit(length - 1) / 8);
        return (length + multiple - 1) / multiple * multiple;
    }

    /** Capacity of a cache that holds this many keys of a row, rounded as attention reads them: at least 64 at a time. */
    static int capacity(int length) {
        int coarse = (length + 63) / 64 * 64;
        return Math.max(coarse, rounded(coarse));
    }
}
