package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.Message;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonLinesTest {
    private static final String GOOD = "{\"prompt\": \"1+1=\", \"answer\": \"2\"}\n";

    @TempDir
    private Path directory;

    private Path file(String lines) throws IOException {
        return Files.writeString(directory.resolve("problems.jsonl"), lines);
    }

    private static Dataset read(Path file) {
        return JsonLines.read(file, null, null, 0);
    }

    /** Numbered problems. */
    private Path numbered(int count) throws IOException {
        return file(IntStream.range(0, count)
                .mapToObj(i -> "{\"prompt\": \"p" + i + "\", \"answer\": " + i + "}\n")
                .collect(Collectors.joining()));
    }

    private void refuses(String lines, @Nullable String promptField, String message) throws IOException {
        Path file = file(lines);
        assertThatThrownBy(() -> JsonLines.read(file, promptField, null, 0))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("dataset " + file + message)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"prompt", "question", "problem"})
    void shouldKnowTheUsualNamesOfAPrompt(String field) throws IOException {
        Dataset dataset = read(file("{\"" + field + "\": \"1+1=\", \"answer\": \"2\", \"level\": 3}\n"));

        assertThat(dataset.name()).isEqualTo("problems");
        assertThat(dataset.training())
                .containsExactly(new Problem("1", List.of(new Message("user", "1+1=")), "2", "2", ""));
        assertThat(dataset.heldOut()).isEmpty();
    }

    @Test
    void shouldTakeTheFieldsItIsTold() throws IOException {
        Path file = file("{\"prompt\": \"no\", \"answer\": \"no\", \"input\": \"1+1=\", \"target\": 2}\n");
        assertThat(JsonLines.read(file, "input", "target", 0).training())
                .containsExactly(Problem.asked("1", "1+1=", "2"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"72\" | 72",
                "\"He sold 48/2 = <<48/2=24>>24.\\n#### 72\" | 72",
                "\"#### 1 is not it\\n####   1,234 \" | 1,234",
                "\" x^2 \" | x^2",
                "72 | 72",
                "-3.25 | -3.25",
                "true | true"
            })
    void shouldTakeTheAnswerOutOfWhatIsGiven(String json, String reference) throws IOException {
        Path file = file("{\"question\": \"q\", \"answer\": " + json + "}\n");
        assertThat(read(file).training()).extracting(Problem::reference).containsExactly(reference);
    }

    @Test
    void shouldNumberProblemsByLineAndPassOverBlankOnes() throws IOException {
        Dataset dataset = read(file(GOOD + "\n  \n" + GOOD + GOOD.strip()));
        assertThat(dataset.training()).extracting(Problem::id).containsExactlyInAnyOrder("1", "4", "5");
    }

    @ParameterizedTest
    @CsvSource({"100, 7, 7", "100, 50, 10", "5, 50, 1", "100, 0, 0"})
    void shouldHoldOutATenthAtMostAndNothingTwice(int problems, int wanted, int held) throws IOException {
        Dataset dataset = JsonLines.read(numbered(problems), null, null, wanted);
        assertThat(dataset.heldOut()).hasSize(held);

        List<Problem> all = new ArrayList<>(dataset.training());
        all.addAll(dataset.heldOut());
        assertThat(all).hasSize(problems).doesNotHaveDuplicates();
        assertThat(JsonLines.read(numbered(problems), null, null, wanted)).isEqualTo(dataset);
    }

    @Test
    void shouldSayWhenThereIsNoFile() {
        Path missing = directory.resolve("missing.jsonl");
        assertThatThrownBy(() -> read(missing))
                .isInstanceOf(UserException.class)
                .hasMessage("dataset " + missing + " can't be read: there is no such file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\": \"1+1=\", ",
                "prompt,answer",
                "{\"prompt\": \"a\", \"answer\": \"b\"} {\"prompt\": 1}"
            })
    void shouldNameTheLineWhenItIsNotJson(String line) throws IOException {
        refuses(GOOD + "\n" + line + "\n" + GOOD, null, ", line 3 is not JSON: ");
    }

    @Test
    void shouldSayWhatIsThereWhenAFieldIsMissing() throws IOException {
        refuses(
                GOOD + "{\"input\": \"1+1=\", \"answer\": \"2\"}\n",
                null,
                ", line 2 has no prompt: expected prompt or question or problem, found input, answer (name the field"
                        + " with --prompt-field)");
        refuses(
                "{\"prompt\": \"1+1=\", \"solution\": \"2\"}\n",
                null,
                ", line 1 has no answer: expected answer, found prompt, solution (name the field with"
                        + " --answer-field)");
        refuses("{\"prompt\": null, \"answer\": \"2\"}\n", null, ", line 1 has no prompt");
        refuses("{\"prompt\": \"1+1=\", \"answer\": {\"value\": 2}}\n", null, ", line 1 has no answer");
        refuses("[1, 2]\n", null, ", line 1 has no prompt");
        refuses(GOOD, "query", ", line 1 has no prompt: expected query, found prompt, answer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n \n"})
    void shouldSayWhenAFileIsEmpty(String lines) throws IOException {
        refuses(lines, null, " is empty");
    }

    @Test
    void shouldSayWhenAFileIsNotUtf8() throws IOException {
        Path file = directory.resolve("latin.jsonl");
        Files.write(file, "{\"prompt\": \"caf\u00e9\", \"answer\": 1}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("dataset " + file + " is not UTF-8 text");
    }
}
