package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimatorsTest {
    /** The share of all subsets of k of n samples, c of them correct, that have a correct one, by enumeration. */
    private static double passByEnumeration(int n, int c, int k) {
        int subsets = 0;
        int passing = 0;
        for (int subset = 0; subset < 1 << n; subset++) {
            if (Integer.bitCount(subset) == k) {
                subsets++;
                passing += (subset & ((1 << c) - 1)) != 0 ? 1 : 0;
            }
        }
        return passing / (double) subsets;
    }

    @Test
    void shouldEstimatePassAtKAsTheShareOfSubsetsThatPass() {
        for (int n = 1; n <= 10; n++) {
            for (int c = 0; c <= n; c++) {
                for (int k = 1; k <= n; k++) {
                    assertThat(Estimators.passAtK(n, c, k))
                            .as("n %d, c %d, k %d", n, c, k)
                            .isCloseTo(passByEnumeration(n, c, k), within(1e-12));
                }
            }
        }
    }

    @Test
    void shouldNotOverflowWhenThereAreManySamples() {
        // 1 - C(9990, 1000) / C(10000, 1000), by the product of (9000 - i) / (10000 - i) for i < 10
        double allWrong = 1;
        for (int i = 0; i < 10; i++) {
            allWrong *= (9000.0 - i) / (10000 - i);
        }
        assertThat(Estimators.passAtK(10_000, 10, 1_000)).isCloseTo(1 - allWrong, within(1e-9));
    }

    @Test
    void shouldRefuseMoreDrawsThanSamples() {
        assertThatThrownBy(() -> Estimators.passAtK(4, 1, 5)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldComputeStandardErrorsByHand() {
        // mean .5, squares 4 * .25 = 1, variance 1 / 3, error sqrt(1 / 12)
        assertThat(Estimators.standardError(new double[] {0, 1, 1, 0})).isCloseTo(Math.sqrt(1 / 12.0), within(1e-15));
        assertThat(Estimators.standardError(new double[] {1})).isNaN();
        assertThat(Estimators.standardErrorOfMean(new double[] {3, 4})).isEqualTo(2.5);
    }
}
