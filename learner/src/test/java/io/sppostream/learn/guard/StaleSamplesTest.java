package io.sppostream.learn.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.learn.update.PolicySampleTest;
import org.junit.jupiter.api.Test;

class StaleSamplesTest {

    @Test
    void shouldCountFromTheVersionOfTheOldestToken() {
        Rollout rollout = PolicySampleTest.rollout(new PolicySegment(1, 3, "03"), new PolicySegment(3, 5, "05"));
        assertThat(StaleSamples.lag(rollout, 7)).isEqualTo(4);
    }
}
