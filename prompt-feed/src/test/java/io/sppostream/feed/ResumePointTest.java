package io.sppostream.feed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumePointTest {

    @Test
    void shouldBeginAtTheFirstPromptWhenNoneIsThere() {
        assertThat(ResumePoint.of(new TreeSet<>(), 4)).isEqualTo(new ResumePoint(0, List.of()));
    }

    @Test
    void shouldMissNothingWhenTheLastReleaseIsComplete() {
        assertThat(ResumePoint.of(new TreeSet<>(List.of(4L, 5L, 6L, 7L)), 4)).isEqualTo(new ResumePoint(8, List.of()));
    }

    @Test
    void shouldMissWhatOnePartitionHadNotAcknowledged() {
        assertThat(ResumePoint.of(new TreeSet<>(List.of(2L, 3L, 5L, 7L)), 4))
                .isEqualTo(new ResumePoint(8, List.of(4L, 6L)));
    }

    @Test
    void shouldMissNoPromptBeforeTheFirst() {
        assertThat(ResumePoint.of(new TreeSet<>(List.of(1L)), 4)).isEqualTo(new ResumePoint(2, List.of(0L)));
    }

    /** Each partition acknowledges a prefix of its prompts of the last release; a restarted feed completes it. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldLeaveNoGapWhereverThePartitionsEnd(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int partitions = random.nextInt(1, 5);
        int most = random.nextInt(1, 40);
        int before = random.nextInt(0, 100);
        int size = random.nextInt(1, most + 1);
        List<List<Long>> log = IntStream.range(0, partitions)
                .mapToObj(partition -> LongStream.range(0, before + size)
                        .filter(index -> Math.floorMod((index * 0x9E3779B97F4A7C15L) >>> 32, partitions) == partition)
                        .boxed()
                        .toList())
                .map(all -> acknowledged(all, before, random))
                .toList();

        ResumePoint resume = ResumePoint.of(
                log.stream()
                        .flatMap(all -> all.subList(Math.max(0, all.size() - most), all.size()).stream())
                        .collect(Collectors.toCollection(TreeSet::new)),
                most);

        TreeSet<Long> released = log.stream().flatMap(List::stream).collect(Collectors.toCollection(TreeSet::new));
        resume.missing()
                .forEach(index -> assertThat(released.add(index))
                        .as("%d was missing", index)
                        .isTrue());
        assertThat(released)
                .containsExactlyElementsOf(
                        LongStream.range(0, resume.released()).boxed().toList());
    }

    private static List<Long> acknowledged(List<Long> all, long before, SplittableRandom random) {
        int certain = (int) all.stream().filter(index -> index < before).count();
        return all.subList(0, random.nextInt(certain, all.size() + 1));
    }
}
