package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.VerdictStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class JudgementTest {
    @ParameterizedTest
    @EnumSource(names = {"UNKNOWN", "UNPARSEABLE_REFERENCE", "TIMEOUT", "INFRA_ERROR"})
    void shouldRefuseARewardWhenTheResponseWasNotJudged(VerdictStatus status) {
        assertThatThrownBy(() -> new Judgement(status, 0.0, null, "rule")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource(
            mode = Mode.EXCLUDE,
            names = {"UNKNOWN", "UNPARSEABLE_REFERENCE", "TIMEOUT", "INFRA_ERROR"})
    void shouldRequireARewardWhenTheResponseWasJudged(VerdictStatus status) {
        assertThatThrownBy(() -> new Judgement(status, null, null, "rule"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY})
    void shouldRefuseRewardsWhenTheyAreOutOfRange(double reward) {
        assertThatThrownBy(() -> new Judgement(VerdictStatus.CORRECT, reward, null, "rule"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldAcceptPartialRewardsWhenTheyAreInRange() {
        new Judgement(VerdictStatus.INCORRECT, 0.5, null, "rule");
    }
}
