package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ImportanceRatiosTest {

    private static ImportanceRatios of(double... ratios) {
        ImportanceRatios all = new ImportanceRatios();
        DoubleStream.of(ratios).forEach(all::add);
        return all;
    }

    /** (1 + 1 + 4)^2 / (3 (1 + 1 + 16)) = 36 / 54. */
    @Test
    void shouldMeasureWhenComputedByHand() {
        assertThat(of(1, 1, 4).metrics()).containsEntry("ratio_mean", 2.0).containsEntry("ratio_max", 4.0);
        assertThat(of(1, 1, 4).effectiveSampleSize()).isCloseTo(2.0 / 3, within(1e-15));
    }

    @Test
    void shouldBeOneWhenAllRatiosAreEqual() {
        assertThat(of(1, 1, 1, 1).effectiveSampleSize()).isEqualTo(1);
        assertThat(of(0.25, 0.25).effectiveSampleSize()).isEqualTo(1);
        assertThat(of(7).effectiveSampleSize()).isEqualTo(1);
    }

    @Test
    void shouldBeOneTokenOfManyWhenOneRatioOutweighsTheOthers() {
        assertThat(of(1e6, 0, 0, 0).effectiveSampleSize()).isEqualTo(0.25);
    }

    @Test
    void shouldStayAboveZeroAndAtMostOneWhateverTheRatios() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1_000; i++) {
            double[] ratios = random.doubles(random.nextInt(1, 50), -20, 20)
                    .map(Math::exp)
                    .toArray();
            double one = of(ratios).effectiveSampleSize();
            assertThat(one).isGreaterThan(0).isLessThanOrEqualTo(1 + 1e-12);
            assertThat(of(DoubleStream.of(ratios).map(r -> r / 8).toArray()).effectiveSampleSize())
                    .as("at another scale")
                    .isCloseTo(one, within(1e-12));
        }
    }

    @Test
    void shouldMeasureTheSameWhenAddedUpFromParts() {
        ImportanceRatios all = of(1, 2);
        all.add(of(0.5, 3));
        assertThat(all.metrics()).isEqualTo(of(1, 2, 0.5, 3).metrics());
    }

    @Test
    void shouldBeNaNWhenARatioIsNaN() {
        assertThat(of(1, Double.NaN).effectiveSampleSize()).isNaN();
    }
}
