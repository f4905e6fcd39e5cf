package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.model.SamplingParameters;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplingThreadsTest {
    private static final List<Integer> NUMBERS = IntStream.range(0, 10).boxed().toList();

    @Test
    void shouldReturnResultsInOrderWhenThreadsShareAList() {
        Queue<Integer> sizes = new ConcurrentLinkedQueue<>();
        try (SamplingThreads threads = new SamplingThreads(3)) {
            assertThat(threads.map(NUMBERS, part -> {
                        sizes.add(part.size());
                        return part.stream().map(each -> -each).toList();
                    }))
                    .isEqualTo(NUMBERS.stream().map(each -> -each).toList());
            assertThat(sizes).containsExactlyInAnyOrder(3, 3, 4);
            assertThat(threads.map(List.of(), part -> part)).isEmpty();
            assertThat(threads.map(List.of(1), part -> part)).containsExactly(1);
        }
    }

    @Test
    void shouldThrowWhatAnyThreadThrows() {
        try (SamplingThreads threads = new SamplingThreads(2)) {
            for (int failing : List.of(0, 9)) {
                assertThatThrownBy(() -> threads.map(NUMBERS, part -> {
                            if (part.contains(failing)) {
                                throw new CancellationException("of " + failing);
                            }
                            return part;
                        }))
                        .isInstanceOf(CancellationException.class)
                        .hasMessage("of " + failing);
            }
        }
    }

    @Test
    void shouldLeaveNoThreadIdleWhenThereAreFewPartitions() {
        RolloutProducerSettings four =
                new RolloutProducerSettings(1, new SamplingParameters(1, 1, 0, 4), 4, 8, 0, false);
        assertThat(four.members(1)).isEqualTo(1);
        assertThat(four.threadsOfBatch(1)).isEqualTo(4);
        assertThat(four.members(2)).isEqualTo(2);
        assertThat(four.threadsOfBatch(2)).isEqualTo(2);
        assertThat(four.members(8)).isEqualTo(4);
        assertThat(four.threadsOfBatch(8)).isEqualTo(1);
    }
}
