package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StalenessRulesTest {

    @ParameterizedTest
    @CsvSource({"0, false, 0", "1, false, 2", "2, true, 4", "3, true, 6", "32, true, 64"})
    void shouldDecoupleFromTwoOnAndCapAtTwiceTheLag(int lag, boolean decoupled, int maxLag) {
        StalenessRules rules = new StalenessRules(lag);
        assertThat(rules.isDecoupled()).isEqualTo(decoupled);
        assertThat(rules.maxLag()).isEqualTo(maxLag);
    }

    @Test
    void shouldRefuseWhenTheLagIsNegative() {
        assertThatThrownBy(() -> new StalenessRules(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("lag = -1");
    }
}
