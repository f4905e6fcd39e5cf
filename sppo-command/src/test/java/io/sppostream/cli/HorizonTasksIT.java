package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tasks with written steps, from the start policy that is shipped, over the embedded broker. */
class HorizonTasksIT {
    @TempDir
    private Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"ledger", "knights-and-knaves"})
    void shouldTrainFromTheShippedPolicy(String dataset) throws IOException {
        assertThat(Main.run(
                        "train",
                        "--dataset=" + dataset,
                        "--run=task",
                        "--steps=3",
                        "--batch-size=32",
                        "--set=eval.prompts=40",
                        "--data-dir=" + directory.resolve("data"),
                        "--runs-dir=" + directory.resolve("runs")))
                .isZero();

        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/task/summary.json").toFile());
        assertThat(summary.get("accuracy_before").asDouble())
                .as("the start policy solves some problems, and not all")
                .isBetween(0.1, 0.9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ledger", "knights-and-knaves"})
    void shouldPretrainAFreshPolicyOnOneTier(String dataset) {
        String tier = dataset.equals("ledger") ? "short" : "few";

        Invocation pretraining = Invocation.of(
                "pretrain",
                "--dataset=" + dataset,
                "--tier=" + tier,
                "--steps=2",
                "--batch-size=8",
                "--set=eval.prompts=4",
                "--output=" + directory.resolve("model"));

        assertThat(pretraining.code()).as(pretraining.err()).isZero();
        assertThat(pretraining.out()).contains("held-out accuracy 0.000 (", tier + " 0.000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ledger", "addition"})
    void shouldListTheTiersWhenOneIsUnknown(String dataset) {
        Invocation.of("pretrain", "--dataset=" + dataset, "--tier=medium", "--output=" + directory.resolve("model"))
                .assertRefused("dataset " + dataset + " has no tier 'medium'");
    }
}
