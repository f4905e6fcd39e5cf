package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
    private static final List<Problem> PROBLEMS = IntStream.range(0, 30)
            .mapToObj(i -> Problem.asked("p" + i, i + "+0=", Integer.toString(i)))
            .toList();
    private static final Dataset DATASET = new Dataset("numbers", PROBLEMS, List.of());

    private static List<Problem> epoch(EpochOrder order, long epoch) {
        return LongStream.range(30 * epoch, 30 * (epoch + 1))
                .mapToObj(order::at)
                .toList();
    }

    @Test
    void shouldAskEveryProblemOnceAnEpochInAnOrderOfItsOwn() {
        Set<List<Problem>> orders = new HashSet<>();
        for (long seed = 1; seed <= 3; seed++) {
            EpochOrder order = new EpochOrder(DATASET, seed);
            for (long epoch = 0; epoch < 10; epoch++) {
                List<Problem> problems = epoch(order, epoch);
                assertThat(problems).containsExactlyInAnyOrderElementsOf(PROBLEMS);
                orders.add(problems);
            }
        }
        assertThat(orders).hasSize(30);
    }

    /** A restarted feed resumes within an epoch. */
    @Test
    void shouldDependOnTheIndexAloneWhereverItBegins() {
        EpochOrder fromStart = new EpochOrder(DATASET, 1);
        List<Problem> all = LongStream.range(0, 100).mapToObj(fromStart::at).toList();
        for (int index : new int[] {99, 0, 45, 44, 59, 60, 3}) {
            assertThat(new EpochOrder(DATASET, 1).at(index)).isEqualTo(all.get(index));
            assertThat(fromStart.at(index)).isEqualTo(all.get(index));
        }
    }

    @Test
    void shouldAskTwiceWhatStandsTwice() {
        Dataset twice = new Dataset("twice", List.of(PROBLEMS.get(0), PROBLEMS.get(0), PROBLEMS.get(1)), List.of());
        EpochOrder order = new EpochOrder(twice, 1);
        assertThat(List.of(order.at(0), order.at(1), order.at(2)))
                .containsExactlyInAnyOrder(PROBLEMS.get(0), PROBLEMS.get(0), PROBLEMS.get(1));
    }

    @Test
    void shouldGoOnPastTheRangeOfAnInt() {
        EpochOrder order = new EpochOrder(DATASET, 1);
        assertThat(PROBLEMS).contains(order.at(1L << 40));
    }
}
