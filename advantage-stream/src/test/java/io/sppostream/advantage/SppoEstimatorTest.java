package io.sppostream.advantage;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.AdvantageSegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SppoEstimatorTest {
    @ParameterizedTest
    @CsvSource({"1, 0.25, 0.75", "0, 0.25, -0.25", "1, 1, 0", "0, 0, 0", "1, 0, 1", "0, 1, -1", "0.5, 0.75, -0.25"})
    void shouldGiveAllTokensRewardMinusValueWhenEstimating(double reward, double value, double advantage) {
        assertThat(new SppoEstimator().estimate(reward, value, 3))
                .containsExactly(new AdvantageSegment(3, advantage, true));
    }
}
