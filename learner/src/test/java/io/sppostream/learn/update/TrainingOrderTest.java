package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingOrderTest {
    private static final List<String> IDS =
            IntStream.range(0, 40).mapToObj(i -> String.format("%010d/0", i)).toList();

    private static List<String> order(List<String> arrived, long seed, int step) {
        return TrainingOrder.of(arrived, Function.identity(), seed, step);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldNotDependOnTheOrderOfArrival(long arrival) {
        List<String> arrived = new ArrayList<>(IDS);
        Collections.shuffle(arrived, new Random(arrival));

        assertThat(arrived).isNotEqualTo(IDS);
        assertThat(order(arrived, 7, 3)).isEqualTo(order(IDS, 7, 3)).containsExactlyInAnyOrderElementsOf(IDS);
    }

    @Test
    void shouldDifferWhenStepOrSeedDiffers() {
        Set<List<String>> orders = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            for (int step = 1; step <= 20; step++) {
                orders.add(order(IDS, seed, step));
            }
        }
        assertThat(orders).hasSize(400);
    }

    @Test
    void shouldLeaveTheGivenListUnchanged() {
        List<String> arrived = new ArrayList<>(List.of("b", "a", "c"));
        order(arrived, 1, 1);
        assertThat(arrived).containsExactly("b", "a", "c");
    }

    /** The order is part of the ledger's meaning: another one would retrain old runs to other weights. */
    @Test
    void shouldGiveTheOrderItAlwaysGave() {
        assertThat(order(List.of("a", "b", "c", "d", "e", "f"), 1, 1)).containsExactly("c", "b", "f", "a", "d", "e");
    }

    @ParameterizedTest
    @CsvSource({"10, 2, 5 5", "10, 3, 4 3 3", "11, 4, 3 3 3 2", "5, 1, 5", "3, 3, 1 1 1", "2, 4, 1 1", "1, 2, 1"})
    void shouldCutEvenlyWhenCutIntoMiniBatches(int samples, int count, String sizes) {
        List<Integer> order = IntStream.range(0, samples).boxed().toList();

        List<List<Integer>> batches = TrainingOrder.miniBatches(order, count);

        assertThat(batches.stream().map(List::size).map(String::valueOf)).containsExactly(sizes.split(" "));
        assertThat(batches.stream().flatMap(List::stream)).containsExactlyElementsOf(order);
    }
}
