package io.sppostream.learn.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Breaker;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CircuitBreakersTest {
    private final CircuitBreakers breakers = new CircuitBreakers(new CircuitBreakerSettings(0.25, 0.5, 0.2, 10));

    private static @Nullable Breaker breaker(CircuitBreakers.@Nullable Trip trip) {
        return trip == null ? null : trip.breaker();
    }

    @ParameterizedTest
    @CsvSource({
        // loss, skipped updates, effective sample size, tripped breaker
        "-0.1, 0, 0.99,",
        "-0.1, 0, 0.25,",
        "-0.1, 0, 0.2499,",
        "-0.1, 1, 0.99, NON_FINITE",
        "NaN, 2, NaN, NON_FINITE",
        "Infinity, 0, 0.99, NON_FINITE"
    })
    void shouldJudgeAStepByItsMetrics(double loss, double skipped, double effective, @Nullable Breaker tripped) {
        Map<String, Double> metrics = Map.of(
                "loss", loss, "skipped_updates", skipped, "gradient_norm", 0.5, "effective_sample_size", effective);
        assertThat(breaker(breakers.afterStep(metrics))).isEqualTo(tripped);
    }

    @Test
    void shouldNameValueAndThresholdWhenTwoStepsInARowFallShort() {
        assertThat(breakers.afterStep(Map.of("effective_sample_size", 0.125))).isNull();
        assertThat(breakers.afterStep(Map.of("effective_sample_size", 0.1875)))
                .isEqualTo(new CircuitBreakers.Trip(
                        Breaker.EFFECTIVE_SAMPLE_SIZE,
                        "effective sample size 0.188 is under 0.250, as in the step before"));
    }

    @Test
    void shouldNotTripWhenSingleStepsFallShort() {
        for (int step = 0; step < 10; step++) {
            assertThat(breakers.afterStep(Map.of("effective_sample_size", step % 2 == 0 ? 0.01 : 0.25)))
                    .isNull();
        }
        breakers.afterStep(Map.of("effective_sample_size", 0.01));
        breakers.reset();
        assertThat(breakers.afterStep(Map.of("effective_sample_size", 0.01)))
                .as("the first step after a pause")
                .isNull();
    }

    @Test
    void shouldTripWhenVerifiersFailOnMoreThanTheShareOfTheWindow() {
        for (int i = 0; i < 10; i++) {
            breakers.judged(i % 2 == 0);
        }
        assertThat(breakers.ofSamples()).as("half of the last ten").isNull();
        breakers.judged(true);
        assertThat(breakers.ofSamples()).as("the oldest was a failure too").isNull();
        breakers.judged(true);

        assertThat(breaker(breakers.ofSamples())).isEqualTo(Breaker.INFRA_ERRORS);
    }

    @Test
    void shouldNotTripBeforeTheWindowIsFull() {
        for (int i = 0; i < 9; i++) {
            breakers.judged(true);
            breakers.taken(true);
            assertThat(breakers.ofSamples()).isNull();
        }
        breakers.taken(true);
        assertThat(breaker(breakers.ofSamples())).isEqualTo(Breaker.LAG);
    }

    @Test
    void shouldForgetTheCauseWhenThePauseEnds() {
        for (int i = 0; i < 10; i++) {
            breakers.judged(true);
        }
        assertThat(breakers.ofSamples()).isNotNull();
        breakers.reset();
        assertThat(breakers.ofSamples()).isNull();
        breakers.judged(true);
        assertThat(breakers.ofSamples()).isNull();
    }

    @Test
    void shouldNeverTripWhenTheThresholdsAreOff() {
        CircuitBreakers off = new CircuitBreakers(new CircuitBreakerSettings(0, 1, 1, 4));
        for (int i = 0; i < 8; i++) {
            off.judged(true);
            off.taken(true);
        }
        assertThat(off.ofSamples()).isNull();
        off.afterStep(Map.of("effective_sample_size", 1e-9));
        assertThat(off.afterStep(Map.of("effective_sample_size", 1e-9))).isNull();
    }
}
