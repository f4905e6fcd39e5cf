package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose policy is trained by adapters: they are what the log holds, and what a resume, an audit and a replay read. */
class LoraIT {
    private static final String RUN = "lora";

    @TempDir
    private Path directory = Path.of("");

    private JsonNode train(int steps) throws IOException {
        assertThat(Main.run(
                        "train",
                        "--run=" + RUN,
                        "--lag=0",
                        "--steps=" + steps,
                        "--set=batch.size=64",
                        "--set=eval.prompts=50",
                        "--set=lora.rank=4",
                        "--set=lora.alpha=8",
                        "--set=kl.penalty=token-loss",
                        "--set=kl.coefficient=0.01",
                        data(),
                        runs()))
                .isZero();
        return new ObjectMapper()
                .readTree(directory.resolve("runs/" + RUN + "/summary.json").toFile());
    }

    private String data() {
        return "--data-dir=" + directory.resolve("data");
    }

    private String runs() {
        return "--runs-dir=" + directory.resolve("runs");
    }

    @Test
    void shouldPublishAdaptersAndResumeAuditAndReplayThem() throws IOException {
        String six = train(6).get("weights_sha256").asText();
        assertThat(train(9).get("weights_sha256").asText()).isNotEqualTo(six);

        Invocation audit = Invocation.of("audit", "--run=" + RUN, "--retrain", data());
        assertThat(audit.code()).as("%s", audit.out() + audit.err()).isZero();

        assertThat(Main.run("replay", "--from=" + RUN, "--into=again", data(), runs()))
                .isZero();
        JsonNode replay = new ObjectMapper()
                .readTree(directory.resolve("runs/again/replay.json").toFile());
        assertThat(replay.get("policy").get("steps").asInt()).isEqualTo(9);
        assertThat(replay.get("policy").get("first_different_step").asInt()).isZero();
    }
}
