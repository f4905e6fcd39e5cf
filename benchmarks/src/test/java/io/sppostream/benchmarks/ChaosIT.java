package io.sppostream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The short form of {@code ./bench chaos}. */
class ChaosIT {
    @Test
    void shouldEndAsIfUndisturbedWhenRolesAndBrokerAreKilled() throws Exception {
        assertThat(new Chaos(3, 2).call()).isZero();
    }
}
