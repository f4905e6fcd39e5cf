package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
    @ParameterizedTest
    @ValueSource(strings = {"rollouts=20480", "seconds=60", "seconds=1.5"})
    void shouldReadWhatItWrites(String text) {
        assertThat(Budget.parse(text)).hasToString(text);
    }

    @Test
    void shouldBeSpentWhenItsLimitIsReached() {
        assertThat(Budget.ofRollouts(100).isSpent(99, 1e9)).isFalse();
        assertThat(Budget.ofRollouts(100).isSpent(100, 0)).isTrue();
        assertThat(Budget.ofSeconds(2).isSpent(1_000, 1.9)).isFalse();
        assertThat(Budget.ofSeconds(2).isSpent(0, 2)).isTrue();
        assertThat(Budget.UNLIMITED.isSpent(Long.MAX_VALUE, Double.MAX_VALUE)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "100", "rollouts", "rollouts=", "rollouts=many", "rollouts=0", "seconds=-1", "seconds=NaN"})
    void shouldRefuseWhatIsNoBudget(String text) {
        assertThatThrownBy(() -> Budget.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
