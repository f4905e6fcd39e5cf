package io.sppostream.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class IndexSetTest {
    private final IndexSet set = new IndexSet();

    @Test
    void shouldCountEachIndexOnce() {
        SplittableRandom random = new SplittableRandom(1);
        Set<Long> expected = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            long index = i % 2 == 0 ? random.nextLong(10_000) : random.nextLong(Long.MAX_VALUE);
            set.add(index);
            expected.add(index);
        }

        assertThat(set.size()).isEqualTo(expected.size());
    }

    @Test
    void shouldTakeAMillionIndicesInLittleMemory() {
        Runtime runtime = Runtime.getRuntime();
        runtime.gc();
        long before = runtime.totalMemory() - runtime.freeMemory();
        for (long index = 0; index < 1_000_000; index++) {
            set.add(index);
        }
        runtime.gc();

        assertThat(runtime.totalMemory() - runtime.freeMemory() - before).isLessThan(2_000_000);
        assertThat(set.size()).isEqualTo(1_000_000);
    }
}
