package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Adapters exchanged with PEFT: it loads ours, we load its own, and both give the same log-probabilities to 1e-4. Needs a
 * Python with peft and transformers, {@code -Dpeft.python=PYTHON} or the one that {@code ./bench peers} has made.
 */
class PeftParityTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final LoraSettings ADAPTER = new LoraSettings(4, 6, 3);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    static List<Golden> goldens() {
        return Golden.all();
    }

    private static String python() {
        Path peers = Path.of(System.getProperty("user.home"), ".cache", "sppo-stream", "peers", "bin", "python");
        return System.getProperty("peft.python", peers.toString());
    }

    private static int run(Path log, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }

    private void requirePeft() throws Exception {
        boolean there = Files.isExecutable(Path.of(python()))
                && run(directory.resolve("import.log"), python(), "-c", "import peft, transformers") == 0;
        assumeThat(there)
                .as("%s has the packages peft and transformers", python())
                .isTrue();
    }

    private static List<TokenSequence> sequences(ModelConfig config) {
        SplittableRandom random = new SplittableRandom(2);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 1; i < 6; i++) {
            sequences.add(
                    new TokenSequence(TestModels.tokens(random, 2 * i, config), TestModels.tokens(random, i, config)));
        }
        return sequences;
    }

    @ParameterizedTest
    @MethodSource("goldens")
    void shouldExchangeAdaptersWithPeft(Golden golden) throws Exception {
        requirePeft();
        Path ours = directory.resolve("ours");
        Path theirs = directory.resolve("theirs");
        Path output = directory.resolve("output.json");
        Path log = directory.resolve("parity.log");
        try (PolicyModel policy =
                PolicyModel.load(golden.checkpoint(), ModelSettings.cpu().withAdapter(ADAPTER))) {
            List<TokenSequence> sequences = sequences(policy.config());
            float[][] start = policy.logProbs(sequences, 1);
            train(policy, sequences);
            policy.saveAdapter(ours, golden.directory().toString());
            float[][] trained = policy.logProbs(sequences, 1);
            assertThat(Math.abs(trained[0][0] - start[0][0])).isGreaterThan(1e-2f);

            Path input = Files.writeString(directory.resolve("input.json"), input(sequences));
            int exit = run(
                    log,
                    python(),
                    "src/test/resources/peft/parity.py",
                    golden.directory().toString(),
                    ours.toString(),
                    theirs.toString(),
                    input.toString(),
                    output.toString());
            assertThat(exit).as("%s", Files.readString(log)).isZero();
            JsonNode expected = JSON.readTree(output.toFile());
            assertClose(trained, expected.get("ours"));

            policy.readAdapter(theirs);
            assertClose(policy.logProbs(sequences, 1), expected.get("theirs"));
        }
    }

    private static void train(PolicyModel policy, List<TokenSequence> batch) {
        try (PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(64, 1, false))) {
            for (int step = 0; step < 3; step++) {
                trainer.update(batch, 1, 1e-2, (i, logProbs) -> {
                    float[] slopes = new float[logProbs.length];
                    Arrays.fill(slopes, -1);
                    return slopes;
                });
            }
        }
    }

    private static String input(List<TokenSequence> sequences) {
        ObjectNode json = JSON.createObjectNode();
        json.put("rank", ADAPTER.rank());
        json.put("alpha", ADAPTER.alpha());
        json.putPOJO(
                "sequences",
                sequences.stream()
                        .map(each -> Map.of("prompt", each.prompt(), "response", each.response()))
                        .toList());
        return json.toString();
    }

    private static void assertClose(float[][] actual, JsonNode expected) {
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).containsExactly(Golden.floats(expected.get(i)), within(1e-4f));
        }
    }
}
