package io.sppostream.sppo.replay;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.sppo.cli.Main;
import io.sppostream.sppo.embedded.EmbeddedCluster;
import io.sppostream.sppo.embedded.EmbeddedSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.IsolationLevel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A short run on two partitions, replayed as it was and otherwise. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplayIT {
    private static final int STEPS = 12;
    private static final int BATCH = 64;

    private Path directory = Path.of("");
    private EmbeddedCluster cluster;
    private Map<?, Long> recorded = Map.of();

    @BeforeAll
    void train(@TempDir Path temporary) {
        directory = temporary;
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")));
        assertThat(Main.run(onCluster(
                        "train",
                        "--run=source",
                        "--steps=" + STEPS,
                        "--set=batch.size=" + BATCH,
                        "--set=partitions=2",
                        "--set=eval.prompts=50",
                        "--data-dir=" + directory.resolve("streams"),
                        "--runs-dir=" + directory.resolve("runs"))))
                .isZero();
        recorded = ends();
    }

    @AfterAll
    void stop() {
        assertThat(ends()).as("ends of the source's topics").isEqualTo(recorded);
        cluster.close();
    }

    @Test
    void shouldMakeTheSameVerdictsValuesAdvantagesAndWeightsWhenNothingIsChanged() throws IOException {
        JsonNode report = replay("same", "--judge-again", "--score-again");

        assertThat(report.get("samples").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(report.get("judged").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(report.get("flips").asInt()).isZero();
        assertThat(report.get("values").get("different").asInt()).isZero();
        assertThat(report.get("advantages").get("different").asInt()).isZero();
        for (String line : List.of("critic", "policy")) {
            assertThat(report.get(line).get("steps").asInt()).isEqualTo(STEPS);
            assertThat(report.get(line).get("first_different_step").asInt())
                    .as("first step of the %s with other weights", line)
                    .isZero();
        }
        assertThat(report.get("accuracy").get("after"))
                .isEqualTo(report.get("accuracy").get("recorded"));
    }

    @Test
    void shouldMakeOtherWeightsOfTheSameAdvantagesWhenTheLearnerIsChanged() throws IOException {
        JsonNode report = replay("slower", "--set=policy.learning.rate=1e-4", "--set=batch.size=32");

        assertThat(report.get("advantages").get("different").asInt()).isZero();
        assertThat(report.get("policy").get("steps").asInt()).isEqualTo(2 * STEPS);
        assertThat(report.get("policy").get("first_different_step").asInt()).isEqualTo(1);
    }

    @Test
    void shouldListWhatAnotherVerifierRewardsOtherwise() throws IOException {
        JsonNode report = replay("choice", "--verifier=math:choice", "--only-advantages");

        // No sum is a choice: nothing can be judged, and nothing is trained on.
        assertThat(report.get("flips").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(Files.readAllLines(directory.resolve("runs/choice/flips.jsonl")))
                .hasSize(STEPS * BATCH)
                .allSatisfy(line -> assertThat(line).contains("\"after\":\"UNPARSEABLE_REFERENCE\""));
        assertThat(report.get("samples").asInt()).isZero();
        assertThat(report.get("policy").isNull()).isTrue();
    }

    @Test
    void shouldReplayARange() throws IOException {
        JsonNode report = replay("part", "--from-offset=10", "--to-offset=40", "--only-advantages");

        // Transactions leave marks between the records of a partition, of which there are two.
        assertThat(report.get("samples").asInt()).isBetween(20, 60);
    }

    private JsonNode replay(String into, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "replay",
                "--from=source",
                "--into=" + into,
                "--data-dir=" + directory.resolve("streams"),
                "--runs-dir=" + directory.resolve("runs")));
        command.addAll(List.of(options));
        assertThat(Main.run(onCluster(command.toArray(String[]::new)))).isZero();
        return new ObjectMapper()
                .readTree(directory.resolve("runs/" + into + "/replay.json").toFile());
    }

    private String[] onCluster(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add("--bootstrap-servers=" + cluster.bootstrapServers());
        all.add("--schema-registry-url=" + cluster.registryUrl());
        return all.toArray(String[]::new);
    }

    private Map<?, Long> ends() {
        KafkaSettings kafka = new KafkaSettings(cluster.bootstrapServers(), cluster.registryUrl(), Map.of());
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return admin.ends(IsolationLevel.READ_UNCOMMITTED, new Topics("source", 2).all());
        }
    }
}
