package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoupledPolicyLossTest {
    private static final ClippedPolicyLoss CLIPPED = new ClippedPolicyLoss(0.2, 3);
    private static final DecoupledPolicyLoss LOSS = new DecoupledPolicyLoss(CLIPPED);

    @ParameterizedTest
    @CsvSource({
        // pi / pi_proximal, pi_proximal / behaviour, advantage, loss, dloss / dlogp
        "1.0, 1.0,  0.5, -0.5,  -0.5",
        "1.1, 1.0,  0.5, -0.55, -0.55",
        "1.0, 1.5,  0.5, -0.75, -0.75",
        "1.0, 0.5, -0.5,  0.25,  0.25",
        // the clip is centred on the proximal policy, whatever the behaviour policy
        "1.5, 0.5,  0.5, -0.3,   0",
        "0.5, 1.5, -0.5,  0.6,   0",
        "0.9, 0.1,  0.5, -0.045, -0.045",
        "4.0, 0.5, -0.5,  0.75,  0",
        // the weight is capped at 2
        "1.0, 2.0,  0.5, -1.0,  -1.0",
        "1.0, 9.0,  0.5, -1.0,  -1.0",
        "1.1, 9.0, -0.5,  1.1,   1.1",
        "1.5, 9.0,  0.5, -1.2,   0",
        "1.0, 9.0,  0.0,  0,     0"
    })
    void shouldGiveLossAndGradientWhenComputedByHand(
            double ratio, double staleness, double advantage, double loss, double gradient) {
        double logProb = -1;
        double proximal = logProb - Math.log(ratio);
        double behaviour = proximal - Math.log(staleness);
        assertThat(LOSS.loss(logProb, proximal, behaviour, advantage)).isCloseTo(loss, within(1e-14));
        assertThat(LOSS.gradient(logProb, proximal, behaviour, advantage)).isCloseTo(gradient, within(1e-14));
    }

    @ParameterizedTest
    @CsvSource({
        "-1, -1, 1",
        "-1, -50, 2",
        "0, -0.5, 1.6487212707001282",
        "-2, -1, 0.36787944117144233",
        "-Infinity, -Infinity, 1",
        "-1, -Infinity, 2",
        "-Infinity, -1, 2.061153622438558E-9"
    })
    void shouldWeightByTheCappedRatio(double proximal, double behaviour, double weight) {
        assertThat(DecoupledPolicyLoss.weight(proximal, behaviour)).isCloseTo(weight, within(1e-15));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldBeTheClippedLossBitForBitWhenTheProximalPolicyIsTheBehaviour(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 1_000; i++) {
            double advantage = random.nextDouble(-1, 1);
            double behaviour = random.nextDouble(-10, 0);
            double logProb = behaviour + random.nextDouble(-3, 3);
            double ratio = ClippedPolicyLoss.ratio(logProb, behaviour);
            assertThat(LOSS.loss(logProb, behaviour, behaviour, advantage)).isEqualTo(CLIPPED.loss(ratio, advantage));
            assertThat(LOSS.gradient(logProb, behaviour, behaviour, advantage))
                    .isEqualTo(CLIPPED.gradient(ratio, advantage));
        }
    }

    /** By central differences in logp with fixed proximal and behaviour policies: the weight has no gradient. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldHaveTheSlopeOfTheLossWhenAwayFromKinks(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double h = 1e-6;
        int checked = 0;
        for (int i = 0; i < 2_000; i++) {
            double advantage = random.nextDouble(-1, 1);
            double logProb = random.nextDouble(-5, 0);
            double proximal = logProb - random.nextDouble(-2, 2);
            double behaviour = proximal - random.nextDouble(-2, 2);
            double ratio = ClippedPolicyLoss.ratio(logProb, proximal);
            if (Math.abs(ratio - 0.8) > 1e-4 && Math.abs(ratio - 1.2) > 1e-4 && Math.abs(ratio - 3) > 1e-4) {
                double up = LOSS.loss(logProb + h, proximal, behaviour, advantage);
                double down = LOSS.loss(logProb - h, proximal, behaviour, advantage);
                assertThat(LOSS.gradient(logProb, proximal, behaviour, advantage))
                        .as("ratio %s, advantage %s", ratio, advantage)
                        .isCloseTo((up - down) / (2 * h), within(1e-7));
                checked++;
            }
        }
        assertThat(checked).isGreaterThan(1_900);
    }

    /**
     * Importance sampling: in expectation over the behaviour policy, an uncapped weight gives the proximal gradient.
     */
    @Test
    void shouldEstimateTheProximalPolicysGradientFromTheBehavioursSamples() {
        double[] behaviour = {0.5, 0.3, 0.2};
        double[] proximal = {0.6, 0.3, 0.1};
        double[] advantage = {0.7, -0.4, -0.1};
        double expected = 0;
        double estimated = 0;
        for (int token = 0; token < 3; token++) {
            double logProximal = Math.log(proximal[token]);
            expected += proximal[token] * CLIPPED.gradient(1, advantage[token]);
            estimated += behaviour[token]
                    * LOSS.gradient(logProximal, logProximal, Math.log(behaviour[token]), advantage[token]);
        }
        assertThat(estimated).isCloseTo(expected, within(1e-15));
    }
}
