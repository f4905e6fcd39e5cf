package io.sppostream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.cli.Main;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At K = 0, a run on Kafka computes what the synchronous loop does: the log changes nothing. */
class SynchronousLoopIT {
    private static final Map<String, String> SETTINGS =
            Map.of("seed", "3", "steps", "6", "lag", "0", "batch.size", "96", "eval.interval", "3");

    @TempDir
    private Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sppo",
                "ppo",
                "grpo",
                "rloo",
                "restem",
                "dpo-positive",
                "remax",
                "vineppo",
                "spo-chain",
                "spo-tree"
            })
    void shouldMakeTheWeightsOfTheLoopWithoutALogBitForBit(String estimator) throws Exception {
        compare(estimator, Map.of());
    }

    /** The scorer waits for the version that its prompts name, as the critic scores with the version that it has. */
    @ParameterizedTest
    @ValueSource(strings = {"sppo", "ppo"})
    void shouldMakeTheSameWeightsIfScoringIsApartFromTraining(String estimator) throws Exception {
        compare(estimator, Map.of("critic.scoring", "apart"));
    }

    /** @param others settings of the run on Kafka */
    private void compare(String estimator, Map<String, String> others) throws Exception {
        Map<String, String> own = switch (estimator) {
            case "ppo" -> Map.of("critic.warmup.steps", "2", "lambda", "0.95");
            case "rloo" -> Map.of("samples", "4");
            case "dpo-positive" -> Map.of("samples", "12");
            // Sums have no lines: here a step ends with the digit 1.
            case "vineppo" -> Map.of("completions", "3", "separator", "1");
            case "spo-chain" -> Map.of("samples", "4", "completions", "3", "interval", "1");
            // Trees of up to 40 edges: those of the third step are dropped.
            case "spo-tree" ->
                Map.of("branches", "4-3-2", "max.tokens", "1", "replay.edges", "12", "replay.max.age", "2");
            default -> Map.of();
        };
        Map<String, String> choice = new HashMap<>(Map.of("estimator", estimator));
        own.forEach((name, value) -> choice.put("estimator." + name, value));
        SynchronousSppo.Result expected = new SynchronousSppo(configuration(choice)).run();
        choice.putAll(others);
        // Several partitions and workers, so that batches, threads and order of arrival differ.
        String[] command = {
            "train",
            "--run=through-log",
            "--data-dir=" + directory.resolve("data"),
            "--runs-dir=" + directory.resolve("runs"),
            "--set=partitions=3",
            "--set=rollout.workers=2",
            "--set=rollout.max.batch=20"
        };
        assertThat(Main.run(withSettings(choice, command))).isZero();

        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/through-log/summary.json").toFile());
        assertThat(summary.get("weights_sha256").asText()).isEqualTo(expected.policySha256());
        assertThat(summary.get("critic_weights_sha256").asText()).isEqualTo(expected.criticSha256());
        assertThat(summary.get("policy_lag_max").asInt()).isZero();
        assertThat(summary.get("accuracy_after").asDouble())
                .isEqualTo(expected.accuracies().get(6));
    }

    @Test
    void shouldMakeOtherWeightsWhenTheSeedDiffers() throws Exception {
        assertThat(new SynchronousSppo(configuration(Map.of("seed", "4"))).run().policySha256())
                .isNotEqualTo(new SynchronousSppo(configuration(Map.of())).run().policySha256());
    }

    private Configuration configuration(Map<String, String> others) {
        Map<String, String> flags = new HashMap<>(SETTINGS);
        flags.put("run", "in-process");
        flags.put("data.dir", directory.resolve("in-process").toString());
        flags.putAll(others);
        return Configuration.load(null, Map.of(), flags);
    }

    private static String[] withSettings(Map<String, String> others, String... command) {
        return Stream.concat(
                        Arrays.stream(command),
                        Stream.of(SETTINGS, others)
                                .flatMap(settings -> settings.entrySet().stream())
                                .map(e -> "--set=" + e.getKey() + "=" + e.getValue()))
                .toArray(String[]::new);
    }
}
