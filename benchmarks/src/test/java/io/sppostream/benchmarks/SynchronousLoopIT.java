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
    @ValueSource(strings = {"sppo", "grpo", "rloo", "ppo", "restem", "dpo-positive"})
    void shouldMakeTheWeightsOfTheLoopWithoutALogBitForBit(String estimator) throws Exception {
        Map<String, String> choice = new HashMap<>();
        if (estimator.equals("ppo")) {
            choice.put("estimator.critic.warmup.steps", "2");
            choice.put("estimator.lambda", "0.95");
        }
        choice.put("estimator", estimator);
        Integer samples = Map.of("rloo", 4, "dpo-positive", 12).get(estimator);
        if (samples != null) {
            choice.put("estimator.samples", samples.toString());
        }
        SynchronousSppo.Result expected = new SynchronousSppo(configuration(choice)).run();
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
