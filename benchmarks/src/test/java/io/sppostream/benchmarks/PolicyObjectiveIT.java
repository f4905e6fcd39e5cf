package io.sppostream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.cli.Main;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every part of the policy loss that SPPO does not use: a run on Kafka at K = 0 computes what the synchronous loop does,
 * and an audit trains its steps again to the same weights.
 */
class PolicyObjectiveIT {
    private static final Map<String, String> SETTINGS = Map.of(
            "seed", "3",
            "steps", "5",
            "lag", "0",
            "batch.size", "64",
            "eval.interval", "5",
            "loss.mean", "sequence",
            "advantages.whiten", "true",
            "kl.penalty", "sequence-loss",
            "kl.coefficient", "0.05");

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldMakeTheSameWeightsInALoopWithoutALogAndInAnAudit() throws Exception {
        SynchronousSppo.Result expected = new SynchronousSppo(configuration(Map.of())).run();
        String data = "--data-dir=" + directory.resolve("data");
        Stream<String> command = Stream.of("train", "--run=objective", data, "--runs-dir=" + directory.resolve("runs"));
        Stream<String> settings =
                SETTINGS.entrySet().stream().map(each -> "--set=" + each.getKey() + "=" + each.getValue());
        assertThat(Main.run(Stream.concat(command, settings).toArray(String[]::new)))
                .isZero();

        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/objective/summary.json").toFile());
        assertThat(summary.get("weights_sha256").asText()).isEqualTo(expected.policySha256());
        assertThat(Main.run("audit", "--run=objective", "--retrain", data)).isZero();
        assertThat(new SynchronousSppo(configuration(Map.of("kl.penalty", "none")))
                        .run()
                        .policySha256())
                .as("without the penalty")
                .isNotEqualTo(expected.policySha256());
    }

    private Configuration configuration(Map<String, String> others) {
        Map<String, String> flags = new HashMap<>(SETTINGS);
        flags.put("run", "in-process");
        flags.put("data.dir", directory.resolve("in-process").toString());
        flags.putAll(others);
        return Configuration.load(null, Map.of(), flags);
    }
}
