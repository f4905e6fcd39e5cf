package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuTimesTest {
    @ParameterizedTest
    @CsvSource({
        "policy-learner, policy-learner",
        "rollout-producer#1, rollout-producer",
        "addition.advantage-stream-1f2e-StreamThread-2, advantage-stream",
        "compare-ppo-critic-warmup.advantage-stream-1f2e-StreamThread-2, advantage-stream",
        "kafka-producer-network-thread | feed.critic, critic",
        "critic-scorer, critic-scorer",
        "main, other"
    })
    void shouldTellTheRoleOfAThreadWhateverTheNameOfTheRun(String thread, String role) {
        assertThat(CpuTimes.role(thread)).isEqualTo(role);
    }
}
