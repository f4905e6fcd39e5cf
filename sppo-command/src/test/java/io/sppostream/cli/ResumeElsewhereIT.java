package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Run;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is resumed with settings that do not define what it trains, as on another machine. */
class ResumeElsewhereIT {
    private static final String RUN = "moved";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldResumeWithAnotherMicroBatchAndRecordPrecisionAndDevice() {
        assertThat(train("--steps=2", "--lag=0", "--set=batch.size=64")
                        .code())
                .isZero();

        Invocation resumed = train(
                "--steps=4",
                "--lag=0",
                "--set=batch.size=64",
                "--set=training.micro.batch.tokens=100",
                "--set=training.threads=1",
                "--set=join.patience.seconds=100",
                "--set=rollout.device=cpu");

        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.out())
                .contains(
                        "resuming after step 2",
                        "note: with rollout.device:  -> cpu, training.micro.batch.tokens: 1280 -> 100, weights may have"
                                + " other bits than without an interruption");
        Map<String, String> where =
                Map.of("run", RUN, "data.dir", directory.resolve("data").toString());
        try (RecordedRun recorded = RecordedRun.open(Configuration.load(null, Map.of(), where))) {
            List<Run> starts = RunRecord.all(recorded.log());
            assertThat(starts)
                    .hasSize(2)
                    .allSatisfy(start -> assertThat(start.getEngines())
                            .containsEntry("model of learn", "fp32 on cpu")
                            .containsEntry("model of critic", "fp32 on cpu")
                            .containsEntry("model of rollout", "fp32 on cpu"));
        }
        Invocation audit =
                Invocation.of("audit", "--run=" + RUN, "--data-dir=" + directory.resolve("data"), "--retrain");
        assertThat(audit.code()).as(audit.out()).isZero();
    }

    private Invocation train(String... options) {
        List<String> words = new ArrayList<>(List.of("train", "--run=" + RUN, "--data-dir=" + directory.resolve("data")));
        words.addAll(List.of("--runs-dir=" + directory.resolve("runs"), "--set=eval.prompts=20"));
        words.addAll(List.of(options));
        return Invocation.of(words.toArray(String[]::new));
    }
}
