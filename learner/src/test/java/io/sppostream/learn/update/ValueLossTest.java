package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValueLossTest {

    @ParameterizedTest
    @CsvSource({
        // V = 1/2, 3/4 and 1/4: z = 0, ln 3 and -ln 3
        "0.0, 1, 0.5, 0.6931471805599453",
        "0.0, 0, 0.5, 0.6931471805599453",
        "1.0986122886681098, 1, 0.75, 0.2876820724517809",
        "1.0986122886681098, 0, 0.75, 1.3862943611198906",
        "-1.0986122886681098, 1, 0.25, 1.3862943611198906",
        "0.0, 0.5, 0.5, 0.6931471805599453"
    })
    void shouldGiveCrossEntropyWhenComputedByHand(double logit, double reward, double value, double loss) {
        assertThat(ValueLoss.probability(logit)).isCloseTo(value, within(1e-15));
        assertThat(ValueLoss.loss(logit, reward)).isCloseTo(loss, within(1e-15));
        assertThat(ValueLoss.gradient(logit, reward)).isCloseTo(value - reward, within(1e-15));
    }

    @ParameterizedTest
    @CsvSource({"800, 1, 0, 0", "800, 0, 800, 1", "-800, 0, 0, 0", "-800, 1, 800, -1"})
    void shouldStayFiniteWhenTheLogitIsHuge(double logit, double reward, double loss, double gradient) {
        assertThat(ValueLoss.loss(logit, reward)).isEqualTo(loss);
        assertThat(ValueLoss.gradient(logit, reward)).isEqualTo(gradient);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldHaveTheSlopeOfTheLossEverywhere(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double h = 1e-5;
        for (int i = 0; i < 1_000; i++) {
            double logit = random.nextDouble(-8, 8);
            double reward = random.nextDouble();
            double slope = (ValueLoss.loss(logit + h, reward) - ValueLoss.loss(logit - h, reward)) / (2 * h);
            assertThat(ValueLoss.gradient(logit, reward)).isCloseTo(slope, within(1e-8));
        }
    }

    @Test
    void shouldExplainWhenComputedByHand() {
        // Var(R) = 1/4; residuals 0.2, -0.2, 0.2, -0.2 have variance 0.04.
        assertThat(explained(new double[] {0.8, 0.2, 0.8, 0.2}, new double[] {1, 0, 1, 0}))
                .isCloseTo(1 - 0.04 / 0.25, within(1e-12));
    }

    @Test
    void shouldExplainNothingWhenAllRewardsAreEqual() {
        assertThat(ValueLoss.explainedVariance(new double[] {0.1, 0.9}, new double[] {1, 1}))
                .isEmpty();
        assertThat(ValueLoss.explainedVariance(new double[] {0.3}, new double[] {0}))
                .isEmpty();
        // Returns A + V of responses that are all correct.
        assertThat(ValueLoss.explainedVariance(new double[] {0.1, 0.9}, new double[] {1, 1 - 1e-16}))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldKeepTheIdentitiesOfExplainedVariance(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] rewards = random.doubles(50).map(x -> x < 0.4 ? 1 : 0).toArray();
        double[] values = random.doubles(50).toArray();
        double explained = explained(values, rewards);
        double[] shifted = Arrays.stream(values).map(v -> v + 0.3).toArray();
        double[] reversed = Arrays.stream(rewards).map(r -> -r).toArray();

        assertThat(explained(rewards, rewards)).isEqualTo(1);
        assertThat(explained(new double[50], rewards)).isCloseTo(0, within(1e-12));
        assertThat(explained(reversed, rewards)).isCloseTo(-3, within(1e-12));
        assertThat(explained(shifted, rewards)).isCloseTo(explained, within(1e-12));
        assertThat(explained).isLessThan(1);
    }

    private static double explained(double[] values, double[] targets) {
        return ValueLoss.explainedVariance(values, targets).orElseThrow();
    }
}
