package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeyLengthsTest {

    @Test
    void shouldRoundUpByAtMostAnEighth() {
        for (int length = 1; length <= 40_000; length++) {
            int rounded = KeyLengths.rounded(length);
            assertThat(rounded).isBetween(length, length + Math.max(15, length / 8));
            assertThat(KeyLengths.rounded(rounded)).isEqualTo(rounded);
        }
    }

    @Test
    void shouldKeepShortLengths() {
        assertThat(KeyLengths.rounded(1)).isEqualTo(1);
        assertThat(KeyLengths.rounded(KeyLengths.EXACT)).isEqualTo(KeyLengths.EXACT);
        assertThat(KeyLengths.rounded(KeyLengths.EXACT + 1)).isEqualTo(48);
    }

    @Test
    void shouldHaveRoomForTheRoundedLength() {
        for (int length = 1; length <= 40_000; length++) {
            assertThat(KeyLengths.capacity(length)).isGreaterThanOrEqualTo(KeyLengths.rounded(length));
        }
    }
}
