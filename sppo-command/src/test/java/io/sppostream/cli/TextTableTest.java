package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class TextTableTest {
    @Test
    void shouldAlignColumnsWhateverTheCellsHold() {
        TextTable table = new TextTable("ID", "REASON", "N");
        table.add("a", "short", 1);
        table.add("a-long-id", "two\nlines \u001b[31m", 20);

        assertThat(print(table)).isEqualTo("""
                ID         REASON                 N
                a          short                  1
                a-long-id  two\\nlines \\u001b[31m  20
                """);
    }

    @Test
    void shouldCutCellsThatAreTooLong() {
        TextTable table = new TextTable("REASON", "N");
        table.add("x".repeat(500), 1);

        assertThat(print(table)).endsWith("\n" + "x".repeat(77) + "...  1\n");
    }

    private static String print(TextTable table) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        table.print(new PrintStream(text, true, UTF_8));
        return text.toString(UTF_8);
    }
}
