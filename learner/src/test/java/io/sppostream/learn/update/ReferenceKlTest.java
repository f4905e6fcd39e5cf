package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import io.sppostream.estimator.TrainingRecipe.KlPenalty.Place;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReferenceKlTest {
    private static double[] advantages(PolicySample sample, float[] reference, Place place) {
        return ReferenceKl.inRewards(List.of(sample), new float[][] {reference}, KlPenalty.of(place, 0.1))
                .get(0)
                .advantages();
    }

    @Test
    void shouldBeZeroWhenThePolicyIsTheReference() {
        assertThat(ReferenceKl.k1(-1.25, -1.25)).isZero();
        assertThat(ReferenceKl.k3(-1.25, -1.25)).isZero();
        assertThat(ReferenceKl.k3Gradient(-1.25, -1.25)).isZero();
    }

    @Test
    void shouldFollowTheClosedForms() {
        double logProb = Math.log(0.5);
        double reference = Math.log(0.25);

        assertThat(ReferenceKl.k1(logProb, reference)).isCloseTo(Math.log(2), within(1e-12));
        assertThat(ReferenceKl.k3(logProb, reference)).isCloseTo(0.5 + Math.log(2) - 1, within(1e-12));
        assertThat(ReferenceKl.k3Gradient(logProb, reference)).isCloseTo(0.5, within(1e-12));
        assertThat(ReferenceKl.k3(reference, logProb)).isCloseTo(2 - Math.log(2) - 1, within(1e-12));
        assertThat(ReferenceKl.k3Gradient(reference, logProb)).isCloseTo(-1, within(1e-12));
    }

    @Test
    void shouldHaveTheDerivativeOfFiniteDifferences() {
        for (double logProb = -4; logProb < 0; logProb += 0.25) {
            double slope = (ReferenceKl.k3(logProb + 1e-5, -1.5) - ReferenceKl.k3(logProb - 1e-5, -1.5)) / 2e-5;

            assertThat(ReferenceKl.k3Gradient(logProb, -1.5)).isCloseTo(slope, within(1e-7));
            assertThat(ReferenceKl.k3(logProb, -1.5)).isNotNegative();
        }
    }

    @Test
    void shouldStayFiniteWhenALogProbabilityIsInfinite() {
        assertThat(ReferenceKl.k3(Double.NEGATIVE_INFINITY, -1)).isFinite();
        assertThat(ReferenceKl.k3(-1, Double.NEGATIVE_INFINITY)).isEqualTo(Math.expm1(-20) + 20);
    }

    /** The exact divergence of two distributions is the expectation of k1, and of k3. */
    @Test
    void shouldBeUnbiasedUnderThePolicy() {
        double[] policy = {0.5, 0.25, 0.25};
        double[] reference = {0.125, 0.625, 0.25};
        double exact = 0;
        double k1 = 0;
        double k3 = 0;
        for (int i = 0; i < 3; i++) {
            exact += policy[i] * Math.log(policy[i] / reference[i]);
            k1 += policy[i] * ReferenceKl.k1(Math.log(policy[i]), Math.log(reference[i]));
            k3 += policy[i] * ReferenceKl.k3(Math.log(policy[i]), Math.log(reference[i]));
        }
        assertThat(k1).isCloseTo(exact, within(1e-12));
        assertThat(k3).isCloseTo(exact, within(1e-12));
    }

    /** k1 is 0.5, -0.25 and 1. */
    @Test
    void shouldTakeThePenaltiesToComeFromTheAdvantageWhenInTheRewardOfTokens() {
        PolicySample sample = Samples.of("a", "+-+", new double[] {1, 1, 0.5}, -0.5, -0.5, -0.5);

        double[] penalized = advantages(sample, new float[] {-1f, -0.25f, -1.5f}, Place.TOKEN_REWARD);

        assertThat(penalized).containsExactly(new double[] {0.875, 0.925, 0.4}, within(1e-12));
        assertThat(sample.advantages()).as("the sample itself").containsExactly(1, 1, 0.5);
    }

    @Test
    void shouldTakeTheSumFromTheAdvantageWhenInTheRewardOfALoneResponse() {
        PolicySample sample = Samples.of("a", "++-", new double[] {1, 1, 0.5}, -0.5, -0.5, -0.5);

        double[] penalized = advantages(sample, new float[] {-1f, -0.25f, -1.5f}, Place.SEQUENCE_REWARD);

        assertThat(penalized).containsExactly(new double[] {0.875, 0.875, 0.375}, within(1e-12));
    }

    /** RLOO of the penalized rewards S = R - coefficient K: S minus the mean S of the others of the group. */
    @Test
    void shouldMakeRlooOfPenalizedRewardsWhenInTheRewardOfResponses() {
        double[] rewards = {1, 0, 1};
        double[] divergences = {0.5, -0.25, 2};
        List<PolicySample> group = List.of(
                Samples.of("a", "++", new double[] {0.5, 0.5}, -1, -1),
                Samples.of("b", "+", new double[] {0.75}, -1),
                Samples.of("a", "+", new double[] {-1}, -1),
                Samples.of("a", "+", new double[] {0.5}, -1));
        float[][] reference = {{-1.25f, -1.25f}, {-2f}, {-0.75f}, {-3f}};

        List<PolicySample> penalized =
                ReferenceKl.inRewards(group, reference, KlPenalty.of(Place.SEQUENCE_REWARD, 0.1));

        int[] members = {0, 2, 3};
        for (int i = 0; i < 3; i++) {
            double others = 0;
            for (int j = 0; j < 3; j++) {
                others += j == i ? 0 : (rewards[j] - 0.1 * divergences[j]) / 2;
            }
            double expected = rewards[i] - 0.1 * divergences[i] - others;
            for (double advantage : penalized.get(members[i]).advantages()) {
                assertThat(advantage).isCloseTo(expected, within(1e-12));
            }
        }
        assertThat(penalized.get(1).advantages()[0]).as("another group").isCloseTo(0.65, within(1e-12));
    }

    @Test
    void shouldLeaveAdvantagesWhenThePenaltyIsInTheLoss() {
        PolicySample sample = Samples.of("a", "+", new double[] {1}, -0.5);

        assertThat(advantages(sample, new float[] {-2}, Place.SEQUENCE_LOSS)).containsExactly(1);
    }
}
