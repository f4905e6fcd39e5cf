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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileDatasetTest {
    private static final String GOOD = "{\"prompt\": \"1+1=\", \"answer\": \"2\"}\n";

    @TempDir
    private Path directory;

    private Path file(String lines) throws IOException {
        return Files.writeString(directory.resolve("problems.jsonl"), lines);
    }

    private static Dataset read(Path file) {
        return read(file, 0);
    }

    private static Dataset read(Path file, int heldOut) {
        return FileDataset.read(FileDatasetSettings.of(file.toString(), heldOut));
    }

    private static Dataset read(String sources, String validation, int heldOut) {
        return FileDataset.read(settings(sources, validation, heldOut, RowFormat.USUAL, PromptLimit.NONE, false));
    }

    private static Dataset read(Path file, @Nullable String promptField, @Nullable String answerField) {
        return FileDataset.read(settings(
                file.toString(),
                "",
                0,
                new RowFormat(promptField, answerField, null, "", "", ""),
                PromptLimit.NONE,
                false));
    }

    private static FileDatasetSettings settings(
            String sources, String validation, int heldOut, RowFormat format, PromptLimit limit, boolean skips) {
        return new FileDatasetSettings(
                DatasetSource.parse(sources),
                validation.isEmpty() ? List.of() : DatasetSource.parse(validation),
                heldOut,
                format,
                limit,
                skips,
                true);
    }

    /** Numbered problems. */
    private Path numbered(int count) throws IOException {
        return file(IntStream.range(0, count)
                .mapToObj(i -> "{\"prompt\": \"p" + i + "\", \"answer\": " + i + "}\n")
                .collect(Collectors.joining()));
    }

    private void refuses(String lines, @Nullable String promptField, String message) throws IOException {
        Path file = file(lines);
        assertThatThrownBy(() -> read(file, promptField, null))
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
        assertThat(read(file, "input", "target").training()).containsExactly(Problem.asked("1", "1+1=", "2"));
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
        Dataset dataset = read(numbered(problems), wanted);
        assertThat(dataset.heldOut()).hasSize(held);

        List<Problem> all = new ArrayList<>(dataset.training());
        all.addAll(dataset.heldOut());
        assertThat(all).hasSize(problems).doesNotHaveDuplicates();
        assertThat(read(numbered(problems), wanted)).isEqualTo(dataset);
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
                        + " with --prompt-field); dataset.bad.rows=skip skips such rows");
        refuses(
                "{\"prompt\": \"1+1=\", \"target\": \"2\"}\n",
                null,
                ", line 1 has no answer: expected reward_model.ground_truth or answer or solution, found prompt, target"
                        + " (name the field with --answer-field); dataset.bad.rows=skip skips such rows");
        refuses("{\"prompt\": null, \"answer\": \"2\"}\n", null, ", line 1 has no prompt");
        refuses("{\"prompt\": \"1+1=\", \"answer\": {\"value\": 2}}\n", null, ", line 1 has no answer");
        refuses("[1, 2]\n", null, ", row 1 has no prompt");
        refuses("[{\"prompt\": \"1+1=\", \"answer\": 2}, {\"prompt\"", null, ", row 2 is not JSON: ");
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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "verl.parquet",
                "verl-other-order.parquet",
                "old-lists.parquet",
                "trl.parquet",
                "verl.jsonl",
                "trl.json",
                "gsm8k.jsonl"
            })
    void shouldReadTheSameProblemsFromEveryFormat(String name) throws Exception {
        RowFormat boxed = new RowFormat(null, null, null, "", "", "Please output the final answer within \\boxed{}.");
        Dataset dataset = FileDataset.read(settings(fixture(name).toString(), "", 0, boxed, PromptLimit.NONE, false));

        assertThat(dataset.training()).extracting(Problem::id).containsExactly("1", "2", "3");
        assertThat(dataset.training()).extracting(Problem::reference).containsExactly("7", "\\frac{5}{6}", "42");
        assertThat(dataset.training().get(2).messages())
                .containsExactly(new Message("user", "2 * 21 = ? Please output the final answer within \\boxed{}."));
        assertThat(dataset.notes()).isEmpty();
    }

    private static Path fixture(String name) throws Exception {
        return Path.of(Objects.requireNonNull(FileDatasetTest.class.getResource("/data/" + name))
                .toURI());
    }

    @Test
    void shouldSayWhenAParquetFileCannotBeRead() throws Exception {
        byte[] whole = Files.readAllBytes(fixture("verl.parquet"));
        Path cut = Files.write(directory.resolve("cut.parquet"), Arrays.copyOf(whole, whole.length - 100));
        assertThatThrownBy(() -> read(cut))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("dataset " + cut + " can't be read as Parquet, row 1: ");

        Arrays.fill(whole, 200, 900, (byte) 0x5a);
        Path damaged = Files.write(directory.resolve("damaged.parquet"), whole);
        assertThatThrownBy(() -> read(damaged)).isInstanceOf(UserException.class);
    }

    @Test
    void shouldSkipBadRowsAndNameThemWhenToldTo() throws IOException {
        Path file = file(GOOD + "{\n{\"prompt\": \"a\", \"answer\": null}\n" + GOOD
                + "{\"prompt\": [{\"role\": \"user\"}], \"answer\": 1}\n");
        Dataset dataset = FileDataset.read(settings(file.toString(), "", 0, RowFormat.USUAL, PromptLimit.NONE, true));

        assertThat(dataset.training()).extracting(Problem::id).containsExactly("1", "4");
        assertThat(dataset.notes())
                .containsExactly("dataset " + file + ": skipped 3 of 5 rows: not JSON: 1 (row 2), no answer: 1 (row 3),"
                        + " malformed prompt: 1 (row 5)");
    }

    @Test
    void shouldSayWhyWhenEveryRowIsBad() throws IOException {
        Path file = file("{\"query\": 1}\n{\"query\": 2}\n");
        assertThatThrownBy(() ->
                        FileDataset.read(settings(file.toString(), "", 0, RowFormat.USUAL, PromptLimit.NONE, true)))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("dataset " + file + " has no usable row; the first: dataset " + file
                        + ", line 1 has no prompt: expected prompt or question or problem, found query");
    }

    @Test
    void shouldSkipOrRefuseLongPrompts() throws IOException {
        Path file = file(GOOD + "{\"prompt\": \"1+1+1=\", \"answer\": \"3\"}\n");
        ToIntFunction<List<Message>> characters =
                messages -> messages.get(0).getContent().length();

        Dataset dataset = FileDataset.read(
                settings(file.toString(), "", 0, RowFormat.USUAL, new PromptLimit(4, true, characters), false));
        assertThat(dataset.training()).extracting(Problem::reference).containsExactly("2");
        assertThat(dataset.notes()).singleElement().asString().contains("prompt too long: 1 (row 2)");

        assertThatThrownBy(() -> FileDataset.read(
                        settings(file.toString(), "", 0, RowFormat.USUAL, new PromptLimit(4, false, characters), true)))
                .isInstanceOf(UserException.class)
                .hasMessage("dataset " + file + ", line 2 has a prompt of 6 tokens: at most 4 are allowed");
    }

    @Test
    void shouldHoldOutTheSameProblemsWhateverTheOrderAndTheSuffix() throws IOException {
        Path forth = numbered(100);
        List<String> lines = new ArrayList<>(Files.readAllLines(forth));
        Collections.reverse(lines);
        Path back = Files.write(directory.resolve("back.jsonl"), lines);
        RowFormat suffixed = new RowFormat(null, null, null, "", "", "!");

        Set<String> heldOut = references(read(forth, 7).heldOut());
        assertThat(references(read(back, 7).heldOut())).isEqualTo(heldOut);
        assertThat(references(FileDataset.read(settings(forth.toString(), "", 7, suffixed, PromptLimit.NONE, false))
                        .heldOut()))
                .isEqualTo(heldOut);
        assertThat(references(read(forth, 8).heldOut())).containsAll(heldOut);
    }

    private static Set<String> references(List<Problem> problems) {
        return problems.stream().map(Problem::reference).collect(Collectors.toSet());
    }

    @Test
    void shouldNotTrainOnRepetitionsOfAHeldOutPrompt() throws IOException {
        Path file = file((GOOD + "{\"prompt\": \"1+2=\", \"answer\": \"3\"}\n").repeat(20));
        Dataset dataset = read(file, 1);

        Problem heldOut = dataset.heldOut().get(0);
        assertThat(dataset.heldOut()).hasSize(1);
        assertThat(dataset.training()).hasSize(20).noneMatch(p -> p.messages().equals(heldOut.messages()));
        assertThat(dataset.notes())
                .containsExactly("dataset problems: 19 rows repeat a held-out prompt and are not trained on");
    }

    @Test
    void shouldTestOnValidationFilesAndTrainOnTheWholeDataset() throws IOException {
        Path training = numbered(20);
        Path validation =
                Files.writeString(directory.resolve("val.jsonl"), GOOD + "{\"prompt\": \"p3\", \"answer\": 3}\n");
        Dataset dataset = read(training.toString(), validation.toString(), 5);

        assertThat(dataset.training()).hasSize(20);
        assertThat(dataset.heldOut()).extracting(Problem::reference).containsExactly("2", "3");
        assertThat(dataset.notes())
                .containsExactly("dataset: 1 training rows have a prompt that the validation files have too");
    }

    @Test
    void shouldMixSourcesByTheirWeights() throws IOException {
        Path large = numbered(100);
        Path small = Files.writeString(
                directory.resolve("small.jsonl"), GOOD.repeat(10).replace("1+1", "one"));
        Dataset dataset = read(large + "=3," + small, "", 4);

        assertThat(dataset.name()).isEqualTo("problems+small");
        Map<String, Long> counts = dataset.training().stream()
                .collect(Collectors.groupingBy(p -> String.valueOf(p.dataset()), Collectors.counting()));
        assertThat(counts.get("problems")).isEqualTo(98);
        assertThat(counts.get("small")).isEqualTo(33);
        assertThat(dataset.training().stream().filter(p -> "problems".equals(p.dataset())))
                .doesNotHaveDuplicates();
        assertThat(dataset.heldOut())
                .extracting(Problem::tier)
                .as("in turns")
                .containsExactly("problems", "small", "problems");
        assertThat(dataset.notes())
                .contains(
                        "dataset problems: 98 problems, 75.0 % of the prompts",
                        "dataset small: 10 problems, 25.0 % of the prompts");
    }

    @Test
    void shouldReadAllFilesOfAPatternAndAFolderUnderOneName() throws IOException {
        Path folder = Files.createDirectory(directory.resolve("sums"));
        Files.writeString(folder.resolve("train-1.jsonl"), GOOD);
        Files.writeString(folder.resolve("train-0.jsonl"), GOOD + GOOD);
        Files.writeString(folder.resolve("README.md"), "no data");

        for (String location : List.of(folder.toString(), folder + "/train-*.jsonl")) {
            Dataset dataset = read(location, "", 0);
            assertThat(dataset.name()).isEqualTo("sums");
            assertThat(dataset.training())
                    .extracting(Problem::id)
                    .containsExactly("train-0.jsonl:1", "train-0.jsonl:2", "train-1.jsonl:1");
        }
        assertThatThrownBy(() -> read(folder + "/test-*.jsonl", "", 0)).hasMessageContaining("has no files");
    }
}
