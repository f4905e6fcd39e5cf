package io.sppostream.verify.math.read;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProseAnswerTest {

    @Test
    void shouldTakeTheLastNumberOrFormulaWhenAPredictionIsProse() {
        assertThat(ProseAnswer.last("We add 3 and get $x > 5$ at last.")).isEqualTo("x > 5");
        assertThat(ProseAnswer.last("For $x > 5$ there are 1,234 left.")).isEqualTo("1,234");
        assertThat(ProseAnswer.last("AZYUK2A")).isNull();
    }

    @Test
    void shouldFindNothingWhenTheProseHedges() {
        assertThat(ProseAnswer.last("I had 7 once. It is 42 or 43.")).isNull();
        assertThat(ProseAnswer.last("It is 42 or not. In all, 43.")).isEqualTo("43");
    }
}
