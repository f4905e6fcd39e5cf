package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.events.CalibrationBin;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CalibrationTest {
    private static final double[] VALUES = {0.05, 0.95, 0.95, 0.15, 1};
    private static final double[] REWARDS = {0, 1, 0, 1, 1};

    /** Every pair of a rewarded and another response. */
    private static double aucByPairs(double[] values, double[] rewards) {
        double won = 0;
        int pairs = 0;
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < values.length; j++) {
                if (rewards[i] >= 0.5 && rewards[j] < 0.5) {
                    pairs++;
                    won += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
                }
            }
        }
        return won / pairs;
    }

    private static double errorByBins(double[] values, double[] rewards) {
        double error = 0;
        for (int bin = 0; bin < 10; bin++) {
            double apart = 0;
            for (int i = 0; i < values.length; i++) {
                boolean inside = values[i] >= bin / 10.0 && (values[i] < (bin + 1) / 10.0 || bin == 9);
                apart += inside ? rewards[i] - values[i] : 0;
            }
            error += Math.abs(apart) / values.length;
        }
        return error;
    }

    @Test
    void shouldHaveTheValuesComputedByHand() {
        // Bins: 0.05 / 0 in the first, 0.15 / 1 in the second, (0.95 + 0.95 + 1) / 2 in the last.
        assertThat(Calibration.expectedError(Calibration.bins(VALUES, REWARDS)))
                .isCloseTo((0.05 + 0.85 + 0.9) / 5, within(1e-12));
        assertThat(Calibration.brierScore(VALUES, REWARDS))
                .isCloseTo((0.0025 + 0.0025 + 0.9025 + 0.7225 + 0) / 5, within(1e-12));
        // Six pairs: 0.95, 0.15 and 1 against 0.05 and 0.95.
        assertThat(Calibration.auc(VALUES, REWARDS).orElseThrow()).isCloseTo((3 + 0.5 + 0 + 1) / 6, within(1e-12));
        assertThat(Calibration.deviation(new double[] {1, 3})).isEqualTo(1);
    }

    @Test
    void shouldPutValuesAtTheEdgesIntoTheirBins() {
        List<CalibrationBin> bins = Calibration.bins(new double[] {0, 0.1, 1, 0.999}, new double[] {1, 0, 3, -2});

        assertThat(bins).extracting(CalibrationBin::getCount).containsExactly(1L, 1L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 2L);
        assertThat(bins.get(9).getValueSum()).isEqualTo(1.999);
        assertThat(bins.get(9).getRewardSum()).as("rewards bounded to [0, 1]").isEqualTo(1);
    }

    @Test
    void shouldAgreeWithBruteForceWhenValuesAreRandom() {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 200; round++) {
            int n = random.nextInt(2, 60);
            boolean coarse = random.nextBoolean(); // Many ties.
            double[] values = new double[n];
            double[] rewards = new double[n];
            for (int i = 0; i < n; i++) {
                values[i] = coarse ? random.nextInt(5) / 4.0 : random.nextDouble();
                rewards[i] = coarse ? random.nextInt(2) : random.nextDouble();
            }
            long rewarded =
                    Arrays.stream(rewards).filter(reward -> reward >= 0.5).count();
            if (rewarded == 0 || rewarded == n) {
                assertThat(Calibration.auc(values, rewards)).isEmpty();
            } else {
                assertThat(Calibration.auc(values, rewards).orElseThrow())
                        .isCloseTo(aucByPairs(values, rewards), within(1e-12));
            }
            if (!coarse) { // 0.3 is in another bin than 3 * 0.1.
                assertThat(Calibration.expectedError(Calibration.bins(values, rewards)))
                        .isCloseTo(errorByBins(values, rewards), within(1e-12));
            }
        }
    }

    @Test
    void shouldHaveNoNumbersWhenThereAreNoValues() {
        assertThat(Calibration.metrics(new double[0], new double[0])).isEmpty();
        assertThat(Calibration.expectedError(Calibration.bins(new double[0], new double[0])))
                .isZero();
        assertThat(Calibration.metrics(new double[] {0.5}, new double[] {1})).doesNotContainKey("auc");
    }
}
