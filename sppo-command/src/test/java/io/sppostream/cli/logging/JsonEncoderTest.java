package io.sppostream.cli.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonEncoderTest {
    private final LoggerContext context = new LoggerContext();

    @Test
    void shouldWriteAnObjectOnALine() throws IOException {
        String line = encoded(new LoggingEvent(
                "", context.getLogger("io.sppostream.Some"), Level.WARN, "a \"quoted\" {}\nline", null, new Object[] {1
                }));

        assertThat(line).endsWith("}\n").containsOnlyOnce("\n");
        JsonNode event = new ObjectMapper().readTree(line);
        assertThat(event.get("time").asText()).isEqualTo("2026-01-02T03:04:05.678Z");
        assertThat(event.get("level").asText()).isEqualTo("WARN");
        assertThat(event.get("logger").asText()).isEqualTo("io.sppostream.Some");
        assertThat(event.get("message").asText()).isEqualTo("a \"quoted\" 1\nline");
        assertThat(event.has("exception")).isFalse();
    }

    @Test
    void shouldWriteTheStackOfAnException() throws IOException {
        String line = encoded(new LoggingEvent(
                "", context.getLogger("a"), Level.ERROR, "failed", new IllegalStateException("why"), null));

        assertThat(new ObjectMapper().readTree(line).get("exception").asText())
                .startsWith("java.lang.IllegalStateException: why")
                .contains("at io.sppostream.cli.logging.JsonEncoderTest");
    }

    @Test
    void shouldRedactCredentials() {
        String line = encoded(new LoggingEvent(
                "", context.getLogger("a"), Level.WARN, "at https://user:secret@registry:8081/subjects", null, null));

        assertThat(line).doesNotContain("secret");
    }

    @Test
    void shouldLogEachPrintedLine() {
        List<String> logged = new ArrayList<>();
        PrintStream out = LoggedLines.stream(logged::add);

        out.print("one\n\ntwo ");
        out.println("words");
        out.print("\rthree\n");

        assertThat(logged).containsExactly("one", "two words", "three");
    }

    private static String encoded(LoggingEvent event) {
        event.setThreadName("main");
        event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
        return new String(new JsonEncoder().encode(event), UTF_8);
    }
}
