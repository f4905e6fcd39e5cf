package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command with the shipped model of the built-in additions, which reads prompts such as {@code 12+30=}. */
class EvalIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory = Path.of("");

    private Path model = Path.of("");

    @BeforeEach
    void unpackModel() throws IOException {
        model = Files.createDirectories(directory.resolve("tiny"));
        for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
            try (InputStream in = EvalIT.class.getResourceAsStream("/models/addition/" + file)) {
                Files.copy(Objects.requireNonNull(in), model.resolve(file));
            }
        }
        List<String> rows = new ArrayList<>();
        for (int i = 10; i < 40; i++) {
            rows.add("{\"question\": \"" + i + "+45=\", \"answer\": " + (i + 45) + "}");
        }
        Files.write(directory.resolve("sums.jsonl"), rows);
    }

    private Invocation eval(String out, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "eval",
                "--data-dir=" + directory.resolve("data"),
                "--out=" + directory.resolve(out),
                "--max-tokens=8"));
        command.addAll(List.of(options));
        return Invocation.of(command.toArray(String[]::new));
    }

    private Invocation sums(String out, String... options) {
        List<String> all = new ArrayList<>(List.of(
                "--model=" + model,
                "--benchmarks=" + directory.resolve("sums.jsonl"),
                "--verifier=exact",
                "--temperature=1",
                "-k",
                "4"));
        all.addAll(List.of(options));
        return eval(out, all.toArray(String[]::new));
    }

    private Path samples(String out, String benchmark) {
        return directory.resolve(out).resolve("samples").resolve(benchmark + ".jsonl");
    }

    private JsonNode results(String out) throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve(out).resolve("results"))) {
            Path last = files.filter(Files::isRegularFile).max(Path::compareTo).orElseThrow();
            return JSON.readTree(last.toFile());
        }
    }

    private List<String> sorted(String out) throws IOException {
        return Files.readAllLines(samples(out, "sums")).stream().sorted().toList();
    }

    @Test
    void shouldScoreAndResumeWithTheSameNumbersWhateverTheBatch() throws IOException {
        Invocation whole = sums("whole", "--set=rollout.workers=2");
        assertThat(whole.code()).as(whole.err()).isZero();
        assertThat(whole.out())
                .startsWith("| tiny, %")
                .contains("| avg@4 ", "| maj@4 ", "| pass@1 ", "| pass@2 ", "| pass@4 ", "| problems ", " 30 ");
        assertThat(whole.err()).startsWith("sums: 120 samples");

        JsonNode results = results("whole");
        double average = results.at("/results/sums|0/avg@4").asDouble();
        assertThat(average).isBetween(0.01, 0.9);
        assertThat(results.at("/results/sums|0/pass@4").asDouble()).isGreaterThan(average);
        assertThat(results.at("/results/sums|0/avg@4_stderr").asDouble()).isGreaterThan(0);
        assertThat(results.at("/results/all/avg@4").asDouble()).isEqualTo(average);
        assertThat(results.at("/config_general/model_sha").asText()).hasSize(64);
        JsonNode sample = JSON.readTree(sorted("whole").get(0));
        assertThat(sample.at("/prompt").asText()).endsWith("+45=");
        assertThat(sample.has("response") && sample.has("gold") && sample.has("seed"))
                .isTrue();

        // As kill -9 leaves the file: some of the samples, the last of them torn.
        Files.createDirectories(samples("torn", "sums").getParent());
        byte[] bytes = Files.readAllBytes(samples("whole", "sums"));
        Files.write(samples("torn", "sums"), Arrays.copyOf(bytes, bytes.length / 3));
        Files.copy(
                samples("whole", "sums").resolveSibling("sums.settings.json"),
                samples("torn", "sums").resolveSibling("sums.settings.json"));
        Invocation resumed = sums("torn", "--set=rollout.workers=1", "--set=rollout.kv.bytes=1000000");
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.err()).contains("of them found");
        assertThat(resumed.out().lines().limit(8).toList())
                .isEqualTo(whole.out().lines().limit(8).toList());
        assertThat(results("torn").get("results")).isEqualTo(results.get("results"));
        assertThat(sorted("torn")).isEqualTo(sorted("whole"));
    }

    @Test
    void shouldRefuseToMixSamplesOfOtherSettings() throws IOException {
        assertThat(sums("out", "--limit=3", "--quiet").code()).isZero();
        assertThat(Files.readAllLines(samples("out", "sums"))).hasSize(12);

        sums("out", "--limit=3", "--quiet", "--seed=2").assertRefused("seed = 1 then, 2 now", "--out", "--overwrite");
        assertThat(sums("out", "--limit=3", "--quiet", "--top-p=0.5", "--overwrite")
                        .code())
                .isZero();
        Invocation more = sums("out", "--limit=4", "--quiet", "--top-p=0.5");
        assertThat(more.err()).isEmpty();
        assertThat(Files.readAllLines(samples("out", "sums"))).hasSize(16);
    }

    @Test
    void shouldFailWhenAScoreIsBelowItsMinimum() {
        assertThat(sums("out", "--limit=4", "--quiet", "--min=sums:avg@4=0").code())
                .isZero();
        Invocation below = sums("out", "--limit=4", "--quiet", "--min=sums:avg@4=0", "--min=mean:pass@2=1.01");
        assertThat(below.code()).isEqualTo(3);
        assertThat(below.err()).startsWith("sppo: mean:pass@2 is ").contains("below the minimum 1.01");
    }

    @Test
    void shouldEvaluateNamedAndBuiltInBenchmarksGreedily() throws IOException {
        Files.copy(directory.resolve("sums.jsonl"), directory.resolve("gsm8k.jsonl"));

        Invocation both = eval(
                "both",
                "--model=" + model,
                "--benchmarks=addition,gsm8k",
                "--data=" + directory,
                "--profile=gsm8k-flexible",
                "--suffix=",
                "--temperature=0",
                "-k2",
                "--limit=5");

        assertThat(both.code()).as(both.err()).isZero();
        assertThat(both.out()).contains("addition", "gsm8k", "mean");
        List<String> lines = Files.readAllLines(samples("both", "gsm8k"));
        assertThat(lines).hasSize(10);
        JsonNode one = JSON.readTree(lines.get(0));
        JsonNode twin = lines.stream()
                .map(EvalIT::read)
                .filter(other -> other.get("problem").equals(one.get("problem"))
                        && !other.get("sample").equals(one.get("sample")))
                .findFirst()
                .orElseThrow();
        assertThat(twin.get("response")).isEqualTo(one.get("response"));
    }

    private static JsonNode read(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldEvaluateVersionsOfARun() throws IOException {
        assertThat(Main.run(
                        "train",
                        "--run=short",
                        "--lag=0",
                        "--steps=3",
                        "--set=batch.size=64",
                        "--set=eval.prompts=20",
                        "--data-dir=" + directory.resolve("data"),
                        "--runs-dir=" + directory.resolve("runs")))
                .isZero();
        String[] options = {
            "--benchmarks=" + directory.resolve("sums.jsonl"), "--verifier=exact", "--temperature=1", "-k1", "--quiet"
        };

        Invocation first = eval("first", with(options, "--run=short", "--version=0"));
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out()).startsWith("| short-0, %");
        Invocation start = eval("start", with(options, "--model=" + model));
        assertThat(results("first").get("results")).isEqualTo(results("start").get("results"));
        assertThat(start.code()).isZero();

        Invocation last = eval("last", with(options, "--run=short"));
        assertThat(last.out()).startsWith("| short-3, %");
        assertThat(results("last").at("/config_general/model_sha"))
                .isNotEqualTo(results("first").at("/config_general/model_sha"));
        eval("none", with(options, "--run=short", "--version=99"))
                .assertRefused("has no policy version 99: its last is 3");
    }

    private static String[] with(String[] options, String... more) {
        return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray(String[]::new);
    }
}
