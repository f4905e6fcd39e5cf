package io.sppostream.events.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BoundedTextTest {
    @Test
    void shouldKeepWhatIsShortEnough() {
        assertThat(BoundedText.of("four", 4)).isEqualTo("four");
        assertThat(BoundedText.of("", 0)).isEmpty();
    }

    @Test
    void shouldMarkWhatIsCut() {
        assertThat(BoundedText.of("fives", 4)).isEqualTo("five... [truncated, 5 characters]");
    }

    @Test
    void shouldNotSplitACharacter() {
        assertThat(BoundedText.of("ab\uD83D\uDE42c", 3)).isEqualTo("ab... [truncated, 5 characters]");
    }
}
