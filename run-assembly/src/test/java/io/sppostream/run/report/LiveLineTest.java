package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveLineTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private static Instant second(int second) {
        return Instant.ofEpochSecond(second);
    }

    @Test
    void shouldCutALineSoThatATerminalDoesNotWrapIt() {
        assertThat(LiveLine.fitted("step 12/480 | accuracy 0.250", 80)).isEqualTo("step 12/480 | accuracy 0.250");
        assertThat(LiveLine.fitted("step 12/480 | accuracy 0.250", 20)).isEqualTo("step 12/480 | ac...");
        assertThat(LiveLine.fitted("12345678901234567890", 20)).hasSize(19);
    }

    @Test
    void shouldPrintEveryFiveSecondsWhatHasChangedWhenLinesAreKept() {
        try (LiveLine line = new LiveLine(Screen.plain(new PrintStream(out, true, UTF_8)))) {
            line.show("a", second(0));
            line.show("b", second(4));
            line.show("c", second(5));
            line.show("c", second(10));
            line.say("paused");
            line.showLast("d", second(11));
        }
        assertThat(out.toString(UTF_8).lines()).containsExactly("a", "c", "paused", "d");
    }

    @ParameterizedTest
    @CsvSource({"24 132,132", "0 0,80", "'',80", "stty: no terminal,80"})
    void shouldReadTheColumnsOfATerminal(String answer, int columns) {
        assertThat(Screen.columns(answer)).isEqualTo(columns);
    }
}
