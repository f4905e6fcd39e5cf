package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptCacheTest {
    private final List<String> encoded = new ArrayList<>();

    private int[] get(PromptCache cache, String requestId, int length) {
        return cache.get(requestId, () -> {
            encoded.add(requestId);
            return new int[length];
        });
    }

    @Test
    void shouldEncodeAPromptOnceWhenItIsAskedForTwice() {
        PromptCache cache = new PromptCache(1_000);
        int[] tokens = get(cache, "a", 5);
        assertThat(get(cache, "a", 5)).isSameAs(tokens);
        assertThat(encoded).containsExactly("a");
    }

    @Test
    void shouldDropTheOldestWhenItIsFull() {
        PromptCache cache = new PromptCache(3 * 100);
        for (String id : List.of("a", "b", "c", "d")) {
            get(cache, id, 36);
        }
        encoded.clear();
        get(cache, "b", 36);
        get(cache, "a", 36);
        assertThat(encoded).containsExactly("a");
    }

    @Test
    void shouldMakeRoomWhenAPromptIsRemoved() {
        PromptCache cache = new PromptCache(2 * 100);
        get(cache, "a", 36);
        get(cache, "b", 36);
        cache.remove("b");
        cache.remove("b");
        get(cache, "c", 36);
        get(cache, "a", 36);
        assertThat(encoded).containsExactly("a", "b", "c");
    }

    @Test
    void shouldStillEncodeWhenAPromptIsLargerThanTheCache() {
        PromptCache cache = new PromptCache(100);
        assertThat(get(cache, "a", 1_000)).hasSize(1_000);
        assertThat(get(cache, "a", 1_000)).hasSize(1_000);
        assertThat(encoded).containsExactly("a", "a");
    }
}
