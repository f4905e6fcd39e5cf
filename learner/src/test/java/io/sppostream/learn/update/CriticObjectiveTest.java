package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CriticObjectiveTest {
    private static CriticObjective of(Function function, double clip) {
        return new CriticObjective(CriticKind.TOKEN, function, clip);
    }

    @Test
    void shouldBeHalfTheSquaredErrorOfTheOutputItself() {
        CriticObjective objective = of(Function.SQUARED_ERROR, 0);
        assertThat(objective.value(-1.5)).isEqualTo(-1.5);
        assertThat(objective.loss(0.25, 1, 0)).isEqualTo(0.5 * 0.75 * 0.75);
        assertThat(objective.gradient(0.25, 1, 0)).isEqualTo(-0.75);
    }

    /** Values that moved towards the target by more than 0.5 have the loss of the clipped value, and no gradient. */
    @Test
    void shouldIgnoreAMoveTowardsTheTargetBeyondTheClip() {
        CriticObjective objective = of(Function.SQUARED_ERROR, 0.5);
        assertThat(objective.loss(0.9, 1, 0)).isEqualTo(0.5 * 0.5 * 0.5);
        assertThat(objective.isClipped(0.9, 1, 0)).isTrue();
        assertThat(objective.gradient(0.9, 1, 0)).isZero();
    }

    @Test
    void shouldNotIgnoreAMoveAwayFromTheTarget() {
        CriticObjective objective = of(Function.SQUARED_ERROR, 0.5);
        assertThat(objective.loss(-0.9, 1, 0)).isEqualTo(0.5 * 1.9 * 1.9);
        assertThat(objective.isClipped(-0.9, 1, 0)).isFalse();
        assertThat(objective.gradient(-0.9, 1, 0)).isEqualTo(-1.9);
    }

    @Test
    void shouldBeTheLossOfSppoWhenItIsCrossEntropyWithoutClip() {
        assertThat(CriticObjective.SPPO.value(0.3)).isEqualTo(ValueLoss.probability(0.3));
        assertThat(CriticObjective.SPPO.loss(0.3, 1, 0.5)).isEqualTo(ValueLoss.loss(0.3, 1));
        assertThat(CriticObjective.SPPO.gradient(0.3, 1, 0.5)).isEqualTo(ValueLoss.gradient(0.3, 1));
    }

    @Test
    void shouldClipTheProbabilityInTheCrossEntropy() {
        CriticObjective objective = of(Function.BINARY_CROSS_ENTROPY, 0.25);
        double z = Math.log(4); // V = 0.8
        assertThat(objective.loss(z, 1, 0.5)).isCloseTo(-Math.log(0.75), within(1e-12));
        assertThat(objective.gradient(z, 1, 0.5)).isZero();
        assertThat(objective.loss(z, 0, 0.5)).isCloseTo(-Math.log(0.2), within(1e-12));
        assertThat(objective.gradient(z, 0, 0.5)).isCloseTo(0.8, within(1e-12));
        assertThat(objective.loss(800, 1, 0.1)).isFinite();
        assertThat(objective.loss(-800, 1, 0.9)).isFinite();
    }

    @ParameterizedTest
    @CsvSource({"SQUARED_ERROR, 0", "SQUARED_ERROR, 0.2", "BINARY_CROSS_ENTROPY, 0", "BINARY_CROSS_ENTROPY, 0.2"})
    void shouldHaveTheSlopeOfTheLoss(Function function, double clip) {
        CriticObjective objective = of(function, clip);
        SplittableRandom random = new SplittableRandom(1);
        double h = 1e-6;
        for (int i = 0; i < 1000; i++) {
            double output = random.nextDouble(-3, 3);
            double target = random.nextDouble();
            double recorded = random.nextDouble();
            if (objective.isClipped(output - h, target, recorded)
                    != objective.isClipped(output + h, target, recorded)) {
                continue; // The loss has a kink here.
            }
            double slope = (objective.loss(output + h, target, recorded) - objective.loss(output - h, target, recorded))
                    / (2 * h);
            assertThat(objective.gradient(output, target, recorded)).isCloseTo(slope, within(1e-8));
        }
    }

    @Test
    void shouldRefuseToScoreNothing() {
        assertThatThrownBy(() -> CriticObjective.of(CriticKind.NONE, CriticLoss.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
