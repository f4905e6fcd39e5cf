package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClippedPolicyLossTest {
    private static final double EPS = 0.2;
    private static final double C = 3;
    private static final ClippedPolicyLoss LOSS = new ClippedPolicyLoss(EPS, C);

    @ParameterizedTest
    @CsvSource({
        // ratio, advantage, loss, dloss / dlogp, clipped, dual clipped
        "1.0,  0.5, -0.5,  -0.5,  false, false",
        "1.1,  0.5, -0.55, -0.55, false, false",
        "1.5,  0.5, -0.6,   0,    true,  false",
        "9.0,  0.5, -0.6,   0,    true,  false",
        "0.5,  0.5, -0.25, -0.25, false, false",
        "1.0, -0.5,  0.5,   0.5,  false, false",
        "0.9, -0.5,  0.45,  0.45, false, false",
        "0.5, -0.5,  0.4,   0,    true,  false",
        "0.0, -0.5,  0.4,   0,    true,  false",
        "1.5, -0.5,  0.75,  0.75, false, false",
        "2.9, -0.5,  1.45,  1.45, false, false",
        "4.0, -0.5,  1.5,   0,    false, true",
        "0.5,  0.0,  0.0,   0,    false, false",
        "1.5,  0.0,  0.0,   0,    false, false"
    })
    void shouldGiveLossAndGradientWhenComputedByHand(
            double ratio, double advantage, double loss, double gradient, boolean clipped, boolean dualClipped) {
        assertThat(LOSS.loss(ratio, advantage)).isCloseTo(loss, within(1e-15));
        assertThat(LOSS.gradient(ratio, advantage)).isCloseTo(gradient, within(1e-15));
        assertThat(LOSS.isClipped(ratio, advantage)).isEqualTo(clipped);
        assertThat(LOSS.isDualClipped(ratio, advantage)).isEqualTo(dualClipped);
    }

    @ParameterizedTest
    @CsvSource({"-1, -1, 0", "-1, -1.5, 0.5", "-30, 0, -20", "0, -30, 20", "0, -Infinity, 20", "-20, 0, -20"})
    void shouldClampTheLogRatioWhenItLeavesTwenty(double logProb, double behaviour, double logRatio) {
        assertThat(ClippedPolicyLoss.ratio(logProb, behaviour)).isEqualTo(Math.exp(logRatio));
    }

    /** d max(-A r, -A clip(r)) / dlogp by central differences, wherever the loss has a derivative. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldHaveTheSlopeOfTheLossWhenAwayFromKinks(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double h = 1e-6;
        int checked = 0;
        for (int i = 0; i < 2_000; i++) {
            double advantage = random.nextDouble(-1, 1);
            double logProb = random.nextDouble(-5, 0);
            double behaviour = logProb - random.nextDouble(-2, 2);
            double ratio = ClippedPolicyLoss.ratio(logProb, behaviour);
            if (Math.abs(ratio - (1 - EPS)) > 1e-4
                    && Math.abs(ratio - (1 + EPS)) > 1e-4
                    && Math.abs(ratio - C) > 1e-4) {
                double up = LOSS.loss(ClippedPolicyLoss.ratio(logProb + h, behaviour), advantage);
                double down = LOSS.loss(ClippedPolicyLoss.ratio(logProb - h, behaviour), advantage);
                assertThat(LOSS.gradient(ratio, advantage))
                        .as("ratio %s, advantage %s", ratio, advantage)
                        .isCloseTo((up - down) / (2 * h), within(1e-7));
                checked++;
            }
        }
        assertThat(checked).isGreaterThan(1_900);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldBoundTheLossWhateverTheRatio(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 1_000; i++) {
            double advantage = random.nextDouble(-1, 1);
            double ratio = Math.exp(random.nextDouble(-20, 20));
            double loss = LOSS.loss(ratio, advantage);
            assertThat(loss).isLessThanOrEqualTo(advantage < 0 ? -C * advantage : 0);
            assertThat(loss).isGreaterThanOrEqualTo(advantage < 0 ? -(1 - EPS) * advantage : -(1 + EPS) * advantage);
        }
    }

    @Test
    void shouldNotMoveAPolicyWhenTheClampHoldsTheRatio() {
        double lowest = ClippedPolicyLoss.ratio(-50, 0);
        double highest = ClippedPolicyLoss.ratio(0, -50);
        assertThat(LOSS.gradient(highest, 1)).isZero();
        assertThat(LOSS.gradient(highest, -1)).isZero();
        assertThat(LOSS.gradient(lowest, -1)).isZero();
        assertThat(LOSS.gradient(lowest, 1)).isCloseTo(0, within(3e-9));
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 3", "-0.2, 3", "NaN, 3", "0.2, 1", "0.2, 0.5", "0.2, NaN"})
    void shouldRefuseWhenAClipIsOutOfRange(double clip, double dualClip) {
        assertThatThrownBy(() -> new ClippedPolicyLoss(clip, dualClip))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lip = ");
    }
}
