package io.sppostream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.cli.Main;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed and resumed several times, and then suspended, ends as if nothing had happened. */
class CrashIT {
    private static final int STEPS = 100;
    private static final int KILLS = 4;

    /** Longer than a transaction may be open, and longer than a group waits for a silent member. */
    private static final Duration SLEEP = Duration.ofSeconds(13);

    private static final Map<String, String> SETTINGS = Map.of(
            "seed", "5",
            "steps", Integer.toString(STEPS),
            "lag", "0",
            "batch.size", "96",
            "eval.interval", "20",
            "eval.prompts", "100",
            "partitions", "2",
            "weights.snapshot.interval", "7");

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldMakeTheSameWeightsWhenKilledOrStoppedAtAnyInstant() throws Exception {
        Map<String, String> flags = new HashMap<>(SETTINGS);
        flags.put("run", "in-process");
        flags.put("data.dir", directory.resolve("in-process").toString());
        SynchronousSppo.Result expected = new SynchronousSppo(Configuration.load(null, Map.of(), flags)).run();

        SplittableRandom random = new SplittableRandom(7);
        int step = 0;
        for (int part = 0; part < KILLS; part++) {
            Process run = train(part);
            step += random.nextInt(1, STEPS / KILLS);
            awaitStep(step, run, part);
            Thread.sleep(random.nextInt(200));
            // Either the whole process, after which its broker stops by itself, or the broker, which fails the process.
            if (part % 2 == 0) {
                run.destroyForcibly().waitFor();
            } else {
                broker().destroyForcibly();
                assertThat(run.waitFor()).as(output(part)).isEqualTo(1);
            }
        }
        Process last = train(KILLS);
        awaitStep(step + 5, last, KILLS);
        suspend(last.toHandle(), broker()); // as when the machine sleeps
        awaitStep(step + 15, last, KILLS);
        suspend(last.toHandle()); // as when only its container is frozen
        assertThat(last.waitFor()).as(output(KILLS)).isZero();

        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/killed/summary.json").toFile());
        assertThat(summary.get("weights_sha256").asText()).isEqualTo(expected.policySha256());
        assertThat(summary.get("critic_weights_sha256").asText()).isEqualTo(expected.criticSha256());
        assertThat(summary.get("steps").asInt()).isEqualTo(STEPS);
        assertThat(summary.get("accuracy_after").asDouble())
                .isEqualTo(expected.accuracies().get(STEPS));
        assertThat(output(KILLS)).contains("resuming after step");
    }

    /** Waits until the progress line shows a step. */
    private void awaitStep(int step, Process run, int part) {
        await().atMost(Duration.ofMinutes(2)).until(() -> {
            assertThat(run.isAlive()).as(output(part)).isTrue();
            Matcher shown = Pattern.compile("step (\\d+)/").matcher(output(part));
            int last = 0;
            while (shown.find()) {
                last = Integer.parseInt(shown.group(1));
            }
            return last >= step;
        });
    }

    private static void suspend(ProcessHandle... processes) throws IOException, InterruptedException {
        signal("STOP", processes);
        Thread.sleep(SLEEP.toMillis());
        signal("CONT", processes);
    }

    private static void signal(String name, ProcessHandle... processes) throws IOException, InterruptedException {
        for (ProcessHandle process : processes) {
            String command = "kill -" + name + " " + process.pid();
            assertThat(new ProcessBuilder("sh", "-c", command)
                            .inheritIO()
                            .start()
                            .waitFor())
                    .as(command)
                    .isZero();
        }
    }

    private Process train(int part) throws IOException {
        List<String> command = BenchmarkTools.javaCommand();
        command.addAll(List.of("-Dsppo.terminal=true", Main.class.getName()));
        command.addAll(List.of("train", "--run=killed", "--data-dir=" + directory.resolve("data")));
        command.add("--runs-dir=" + directory.resolve("runs"));
        SETTINGS.forEach((name, value) -> command.add("--set=" + name + "=" + value));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output-" + part).toFile())
                .start();
    }

    private ProcessHandle broker() throws IOException {
        Properties state = new Properties();
        try (InputStream in = Files.newInputStream(directory.resolve("data/broker.state"))) {
            state.load(in);
        }
        return ProcessHandle.of(Long.parseLong(state.getProperty("pid"))).orElseThrow();
    }

    private String output(int part) throws IOException {
        return Files.readString(directory.resolve("output-" + part));
    }
}
