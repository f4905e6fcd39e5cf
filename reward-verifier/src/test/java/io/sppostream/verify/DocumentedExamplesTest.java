package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.VerdictStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables of the built-in verifiers on their page: every verifier is described, and every example holds. */
class DocumentedExamplesTest {
    private static final Path PAGE = Path.of("../docs/verifiers.md");
    private static final String DESCRIPTIONS =
            "| verifier | extracts from the response | compares with the reference |";
    private static final String EXAMPLES = "| verifier | reference | response | status | extracted |";

    /** An example of the page; {@code extracted} is null if nothing is extracted. */
    record Example(
            String verifier,
            String reference,
            String response,
            VerdictStatus status,
            @Nullable String extracted) {}

    /** The cells of the table with a header. */
    private static List<List<String>> table(String header) throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        assertThat(lines).as("header of a table").contains(header);
        return lines.stream()
                .skip(lines.indexOf(header) + 2L)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> Arrays.stream(line.substring(1).split(Pattern.quote("|"), -1))
                        .map(String::strip)
                        .toList())
                .toList();
    }

    private static String code(String cell) {
        assertThat(cell).startsWith("`").endsWith("`");
        return cell.substring(1, cell.length() - 1);
    }

    static Stream<Example> examples() throws IOException {
        return table(EXAMPLES).stream()
                .map(cells -> new Example(
                        code(cells.get(0)),
                        code(cells.get(1)),
                        code(cells.get(2)),
                        VerdictStatus.valueOf(code(cells.get(3))),
                        cells.get(4).equals("none") ? null : code(cells.get(4))));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldJudgeAsDocumentedWhenTheExampleIsRun(Example example) {
        Verifier verifier = VerifierCatalogue.open().find(example.verifier());

        Judgement judgement = verifier.judge(Rollouts.saying(example.response(), example.reference()));

        assertThat(judgement.status()).isEqualTo(example.status());
        assertThat(judgement.extracted()).isEqualTo(example.extracted());
    }

    @Test
    void shouldDescribeAndShowEveryVerifierWhenItIsBuiltIn() throws IOException {
        List<String> builtIn = VerifierCatalogue.builtIn();

        assertThat(table(DESCRIPTIONS).stream().map(cells -> code(cells.get(0))))
                .containsExactlyElementsOf(builtIn);
        assertThat(examples().map(Example::verifier).distinct()).containsExactlyElementsOf(builtIn);
    }
}
