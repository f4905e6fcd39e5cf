package io.sppostream.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RecentCriticErrorTest {
    private final RecentCriticError calibration = new RecentCriticError();

    @Test
    void shouldBeUndefinedBeforeTheFirstSample() {
        assertThat(calibration.bias()).isNaN();
        assertThat(calibration.squaredError()).isNaN();
    }

    @Test
    void shouldCompareValuesWithRewards() {
        calibration.add(0.5, 1);
        calibration.add(0.25, 0);

        assertThat(calibration.bias()).isCloseTo(0.125, within(1e-12));
        assertThat(calibration.squaredError()).isCloseTo(0.15625, within(1e-12));
    }

    @Test
    void shouldForgetOldSamples() {
        calibration.add(0, 1);
        for (int i = 0; i < 1_024; i++) {
            calibration.add(0.5, 0.5);
        }

        assertThat(calibration.bias()).isZero();
    }
}
