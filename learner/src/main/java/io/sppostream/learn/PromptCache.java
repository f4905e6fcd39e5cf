package io.sppostream.learn;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Tokens of prompts, by request id, so that a prompt is encoded once. Bounded: the oldest prompts are dropped, because
 * many never come back, for example when their rollouts expire. A dropped prompt is encoded again. For one thread.
 */
final class PromptCache {
    /** What an entry costs beside its tokens, in tokens: the map's entry, the id and the headers of the objects. */
    private static final int ENTRY = 64;

    private final long capacity;
    private final Map<String, int[]> tokens = new LinkedHashMap<>();
    private long size;

    /** @param capacity tokens to keep at most; an entry counts as {@value #ENTRY} tokens more than it has */
    PromptCache(long capacity) {
        this.capacity = capacity;
    }

    /** The tokens of a request's prompt, encoded if they are not here. */
    int[] get(String requestId, Supplier<int[]> encoder) {
        int[] known = tokens.get(requestId);
        if (known != null) {
            return known;
        }
        int[] encoded = encoder.get();
        tokens.put(requestId, encoded);
        size += cost(encoded);
        Iterator<int[]> oldest = tokens.values().iterator();
        while (size > capacity) {
            size -= cost(oldest.next());
            oldest.remove();
        }
        return encoded;
    }

    /** Drops the tokens of a request's prompt. */
    void remove(String requestId) {
        int[] known = tokens.remove(requestId);
        if (known != null) {
            size -= cost(known);
        }
    }

    private static long cost(int[] tokens) {
        return ENTRY + (long) tokens.length;
    }
}
