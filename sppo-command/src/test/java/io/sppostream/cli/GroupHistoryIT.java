package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Audits, inspects and replays runs whose estimators credit groups: grpo, and restem, which leaves evidence. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GroupHistoryIT {
    private static final int STEPS = 4;
    private static final int BATCH = 64;

    private Path directory = Path.of("");
    private EmbeddedCluster cluster;

    @BeforeAll
    void train(@TempDir Path temporary) {
        directory = temporary;
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")));
        assertThat(Main.run(train("groups", "grpo"))).isZero();
        assertThat(Main.run(train("correct", "restem"))).isZero();
        assertThat(Main.run(train("single", "sppo"))).isZero();
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    private String[] train(String run, String estimator) {
        return onCluster(
                "train",
                "--run=" + run,
                "--estimator=" + estimator,
                "--steps=" + STEPS,
                "--set=batch.size=" + BATCH,
                "--set=partitions=2",
                "--set=eval.prompts=20",
                "--data-dir=" + directory.resolve("streams-of-" + run),
                "--runs-dir=" + directory.resolve("runs"));
    }

    private String[] onCluster(String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        all.add("--client-properties=" + cluster.clientProperties());
        return all.toArray(String[]::new);
    }

    private Invocation replay(String from, String into, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "replay",
                "--from=" + from,
                "--into=" + into,
                "--data-dir=" + directory.resolve("streams"),
                "--runs-dir=" + directory.resolve("runs")));
        command.addAll(List.of(options));
        return Invocation.of(onCluster(command.toArray(String[]::new)));
    }

    private JsonNode report(String from, String into, String... options) throws IOException {
        Invocation replay = replay(from, into, options);
        assertThat(replay.code()).as(replay.out() + replay.err()).isZero();
        assertThat(audit(into)).contains("clean");
        return new ObjectMapper()
                .readTree(directory.resolve("runs/" + into + "/replay.json").toFile());
    }

    private String audit(String run) {
        Invocation audit = Invocation.of(onCluster("audit", "--run=" + run, "--retrain"));
        assertThat(audit.code()).as(audit.out() + audit.err()).isZero();
        return audit.out();
    }

    @Test
    void shouldComputeAdvantagesAndWeightsOfGroupsAgain() {
        assertThat(audit("groups"))
                .contains(
                        STEPS * BATCH + " on advantages of " + STEPS * BATCH / 8 + " groups",
                        "policy " + STEPS + " steps trained again");
        assertThat(audit("correct")).containsPattern("[1-9][0-9]* trained, [1-9][0-9]* evidence, 0 expired");
    }

    @Test
    void shouldShowAGroupItsEvidenceAndItsAdvantages() {
        Invocation group = Invocation.of(onCluster("inspect", "0000000000", "--run=groups"));
        assertThat(group.out())
                .contains("8 rollouts: 8 credited")
                .containsPattern("credited +0000000000/0: reward [01].0, A = [+-][0-9.]+\\n");

        StringBuilder all = new StringBuilder();
        for (int request = 0; request < 8; request++) {
            all.append(Invocation.of(onCluster("inspect", "000000000" + request, "--run=correct"))
                    .out());
        }
        assertThat(all.toString()).containsPattern("evidence +000000000[0-7]: TRAIN, rewards 0.0[ 0.]*, mean 0.000");
    }

    @Test
    void shouldMakeTheSameWeightsWhenNothingIsChanged() throws IOException {
        for (String run : List.of("groups", "correct")) {
            JsonNode report = report(run, run + "-again");
            assertThat(report.get("advantages").get("different").asInt()).isZero();
            assertThat(report.get("policy").get("steps").asInt()).isEqualTo(STEPS);
            assertThat(report.get("policy").get("first_different_step").asInt()).isZero();
        }
    }

    @Test
    void shouldComputeTheAdvantagesOfAnotherEstimator() throws IOException {
        JsonNode rloo = report("groups", "groups-rloo", "--estimator=rloo");
        assertThat(rloo.get("samples").asInt()).isEqualTo(STEPS * BATCH);
        assertThat(rloo.get("advantages").get("different").asInt()).isPositive();
        assertThat(rloo.get("policy").get("first_different_step").asInt()).isEqualTo(1);

        assertThat(report("groups", "groups-restem", "--estimator=restem")
                        .get("samples")
                        .asInt())
                .isBetween(1, STEPS * BATCH - 1);
    }

    @Test
    void shouldCreditRolloutsThatWereEvidence() throws IOException {
        JsonNode grpo = report("correct", "correct-grpo", "--estimator=grpo");
        int samples = grpo.get("samples").asInt();
        assertThat(samples).isEqualTo(STEPS * BATCH);

        JsonNode judged = report("correct", "correct-judged", "--estimator=grpo", "--judge-again");
        assertThat(judged.get("flips").asInt()).isZero();
        assertThat(judged.get("untrained").get("EVIDENCE").asInt()).isPositive();
        assertThat(judged.get("samples").asInt()).isGreaterThanOrEqualTo(samples);
    }

    @ParameterizedTest
    @CsvSource({
        "single, grpo, 'grpo needs groups of 8 responses per prompt, and 1 is recorded: run ''single'' was trained with sppo'",
        "groups, sppo, 'sppo needs the values of a critic of prompts, which are not recorded'",
        "groups, remax, 'remax needs its own follow-ups, which are not recorded'",
    })
    void shouldNameTheInputThatIsMissing(String from, String estimator, String message) {
        Invocation replay = replay(from, "nothing", "--estimator=" + estimator);
        assertThat(replay.code()).isEqualTo(1);
        assertThat(replay.err()).contains(message);
    }
}
