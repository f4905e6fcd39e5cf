package io.sppostream.learn.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpreadSamplesTest {
    private static SpreadSamples<String> spread(EdgeReplay settings, long seed) {
        return new SpreadSamples<>(settings, seed, id -> id.substring(0, id.indexOf('/')), id -> id);
    }

    private static List<String> group(String id, int size) {
        return IntStream.range(0, size).mapToObj(i -> id + "/" + i).toList();
    }

    @Test
    void shouldTrainAllAtOnceWithoutALimit() {
        SpreadSamples<String> spread = spread(EdgeReplay.NONE, 1);

        assertThat(spread.add(3, group("a", 5))).isEmpty();
        assertThat(spread.take(3)).containsExactlyElementsOf(group("a", 5));
        assertThat(spread.take(4)).isEmpty();
    }

    @Test
    void shouldTrainEachSampleOnceAndDropTheRest() {
        SpreadSamples<String> spread = spread(new EdgeReplay(3, 2), 1);
        List<String> dropped = spread.add(1, group("a", 8));
        List<String> first = spread.take(1);
        assertThat(spread.add(2, group("b", 2))).isEmpty();
        List<String> second = spread.take(2);

        assertThat(first).hasSize(3);
        assertThat(second).hasSize(5).containsAll(group("b", 2));
        assertThat(dropped).hasSize(2);
        assertThat(spread.take(3)).isEmpty();
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        all.addAll(dropped);
        assertThat(all).doesNotHaveDuplicates().hasSize(10);
        assertThat(first).isNotEqualTo(group("a", 3));
    }

    @Test
    void shouldNotDependOnTheOrderOfArrivalOrOnOtherGroups() {
        EdgeReplay settings = new EdgeReplay(4, 3);
        SpreadSamples<String> one = spread(settings, 7);
        one.add(5, group("a", 20));
        List<String> shuffled = new ArrayList<>(group("a", 20));
        shuffled.addAll(group("b", 9));
        Collections.shuffle(shuffled, new Random(1));
        SpreadSamples<String> other = spread(settings, 7);
        other.add(5, shuffled);

        for (int step = 5; step < 8; step++) {
            List<String> expected = one.take(step);
            assertThat(other.take(step).stream().filter(id -> id.startsWith("a")))
                    .containsExactlyElementsOf(expected);
        }
        SpreadSamples<String> anotherSeed = spread(settings, 8);
        anotherSeed.add(5, group("a", 20));
        SpreadSamples<String> sameSeed = spread(settings, 7);
        sameSeed.add(5, group("a", 20));
        assertThat(anotherSeed.take(5)).isNotEqualTo(sameSeed.take(5));
    }

    @Test
    void shouldForgetWhatEarlierStepsTrained() {
        SpreadSamples<String> spread = spread(new EdgeReplay(2, 4), 1);
        spread.add(1, group("a", 8));

        assertThat(spread.take(3)).hasSize(2);
        assertThat(spread.take(2)).isEmpty();
        assertThat(spread.take(4)).hasSize(2);
    }
}
