package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.feed.data.Problem;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchmarksTest {
    private static final BenchmarkFormat USUAL = new BenchmarkFormat(null, null, "", null, false);

    @TempDir
    private Path directory = Path.of("");

    private void file(String name, String... lines) throws IOException {
        Files.writeString(directory.resolve(name), String.join("\n", lines));
    }

    private static String prompt(Problem problem) {
        return problem.messages().get(problem.messages().size() - 1).getContent();
    }

    @Test
    void shouldReadAPublicBenchmarkWithItsSuffix() throws IOException {
        file(
                "gsm8k_test.jsonl",
                "{\"question\": \"One?\", \"answer\": \"1 = 1\\n#### 1\"}",
                "{\"question\": \"Two?\", \"answer\": \"#### 2\"}");

        Benchmark gsm8k = Benchmarks.open("gsm8k", directory, USUAL);

        assertThat(gsm8k.name()).isEqualTo("gsm8k");
        assertThat(gsm8k.problems()).extracting(Problem::reference).containsExactly("1", "2");
        assertThat(gsm8k.problems())
                .extracting(BenchmarksTest::prompt)
                .containsExactly(
                        "One? Please output the final answer within \\boxed{}.",
                        "Two? Please output the final answer within \\boxed{}.");
        assertThat(gsm8k.limit(1).problems()).hasSize(1);
    }

    @Test
    void shouldTakeSystemAndSuffixOfTheUser() throws IOException {
        file("minerva_math.jsonl", "{\"problem\": \"P?\", \"solution\": \"So \\\\boxed{1.6} cm\"}");

        Benchmark minerva = Benchmarks.open("minerva", directory, new BenchmarkFormat(null, null, "Think.", "", false));

        assertThat(minerva.problems().get(0).messages().get(0).getContent()).isEqualTo("Think.");
        assertThat(prompt(minerva.problems().get(0))).isEqualTo("P?");
        assertThat(minerva.problems().get(0).reference()).isEqualTo("1.6");
        assertThat(minerva.digest())
                .isNotEqualTo(Benchmarks.open("minerva", directory, USUAL).digest());
    }

    @Test
    void shouldReadAnyFileInItsOrder() throws IOException {
        file("own.jsonl", "{\"prompt\": \"b\", \"answer\": 2}", "{\"prompt\": \"a\", \"answer\": 1}");

        Benchmark own = Benchmarks.open(directory.resolve("own.jsonl").toString(), Path.of("none"), USUAL);

        assertThat(own.name()).isEqualTo("own");
        assertThat(own.problems()).extracting(BenchmarksTest::prompt).containsExactly("b", "a");
    }

    @Test
    void shouldSayWhichFileIsMissingAndWhereItComesFrom() {
        assertThatThrownBy(() -> Benchmarks.open("math500", directory, USUAL))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(directory.resolve("math500.jsonl").toString())
                .hasMessageContaining("HuggingFaceH4/MATH-500 on Hugging Face")
                .hasMessageContaining("--data");
        assertThatThrownBy(() -> Benchmarks.open("math-500", directory, USUAL))
                .hasMessageContaining("there is no benchmark 'math-500': there are aime24, aime25, amc23, math500");
    }
}
