package io.sppostream.run.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TerminalTextTest {
    @Test
    void shouldLeaveTextThatPrintsAsItIs() {
        String text = "3 \\times 4 = \u00bc of 48, \ud83d\ude00";

        assertThat(TerminalText.printable(text)).isEqualTo(text);
    }

    @Test
    void shouldKeepSeveralLinesOnOne() {
        assertThat(TerminalText.printable("a\r\n\tb\u2028c")).isEqualTo("a\\r\\n\\tb\\u2028c");
    }

    @Test
    void shouldEscapeWhatMovesTheCursorOrReordersText() {
        assertThat(TerminalText.printable("\u001b[2J\u0007\u009b1m\u202eabc"))
                .isEqualTo("\\u001b[2J\\u0007\\u009b1m\\u202eabc");
    }

    @Test
    void shouldEscapeHalfACharacter() {
        assertThat(TerminalText.printable("\ud83d!")).isEqualTo("\\ud83d!");
    }
}
