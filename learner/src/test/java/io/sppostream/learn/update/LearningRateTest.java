package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LearningRateTest {

    @ParameterizedTest
    @CsvSource({"0, 1, 0.5", "0, 99, 0.5", "20, 1, 0.025", "20, 10, 0.25", "20, 20, 0.5", "20, 21, 0.5", "1, 1, 0.5"})
    void shouldRiseLinearlyThenStayConstantWhenWarmedUp(int warmupSteps, int step, double rate) {
        assertThat(new LearningRate(0.5, warmupSteps).at(step)).isCloseTo(rate, within(1e-15));
    }
}
