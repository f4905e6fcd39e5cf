package io.sppostream.history.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.AdvantageSegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplayComparisonTest {
    @Test
    void shouldCompareAdvantagesWhereTheyChange() {
        ReplayComparison comparison = new ReplayComparison();
        comparison.advantages(
                List.of(new AdvantageSegment(2, 0.5, true), new AdvantageSegment(5, -0.5, true)),
                List.of(new AdvantageSegment(3, 0.5, true), new AdvantageSegment(5, -0.25, true)));

        // Tokens 0 and 1: 0.5 both; token 2: -0.5 and 0.5; tokens 3 and 4: -0.5 and -0.25.
        assertThat(comparison.advantages().count()).isEqualTo(3);
        assertThat(comparison.advantages().different()).isEqualTo(2);
        assertThat(comparison.advantages().max()).isEqualTo(1);
        assertThat(comparison.advantages().mean()).isEqualTo(1.25 / 3);
    }

    @Test
    void shouldTellPositiveFromNegativeZeroSinceBitsAreCompared() {
        ReplayComparison comparison = new ReplayComparison();
        comparison.advantages(
                List.of(new AdvantageSegment(1, 0.0, true)), List.of(new AdvantageSegment(1, -0.0, true)));

        assertThat(comparison.advantages().different()).isEqualTo(1);
    }

    @Test
    void shouldNameTheFirstStepThatMadeOtherWeights() {
        assertThat(WeightsComparison.of(List.of("a", "b", "c"), List.of("a", "b", "c"))
                        .firstDifferentStep())
                .isZero();
        assertThat(WeightsComparison.of(List.of("a", "x", "c"), List.of("a", "b", "c"))
                        .firstDifferentStep())
                .isEqualTo(2);
        assertThat(WeightsComparison.of(List.of("a", "b"), List.of("a", "b", "c"))
                        .firstDifferentStep())
                .isEqualTo(3);
        assertThat(WeightsComparison.of(List.of(), List.of("a")).firstDifferentStep())
                .isEqualTo(1);
    }
}
