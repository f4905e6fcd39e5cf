package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.EventReader;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.models.Models;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, as SIGINT to a process, with a policy of three layers whose responses take long. */
class StopIT {
    private static final int INTERRUPTED = 130;
    private static final String RUN = "stopped";

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldStopBetweenTokensAndSayHowToResume() throws Exception {
        Process run = train(model());
        await().atMost(Duration.ofMinutes(4)).until(() -> {
            assertThat(run.isAlive()).as(output()).isTrue();
            return output().contains("step 1/");
        });

        interrupt(run);
        await().atMost(Duration.ofSeconds(20)).until(() -> output().contains("stopping: "));
        assertThat(run.waitFor(60, TimeUnit.SECONDS)).as("stopped in time").isTrue();

        assertThat(run.exitValue()).isEqualTo(INTERRUPTED);
        assertThat(output())
                .contains("resume with: ./sppo train --run=stopped --data-dir=")
                .doesNotContain("NaN");
        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/stopped/summary.json").toFile());
        assertThat(summary.get("steps").asInt()).isEqualTo(stepsOnTheLedger());
    }

    @Test
    void shouldWriteASummaryWithoutNumbersThatAreNoneWhenStoppedBeforeTheFirstStep() throws Exception {
        Process run = train(model());
        await().atMost(Duration.ofMinutes(2)).until(() -> output().contains("step 0/"));

        interrupt(run);
        assertThat(run.waitFor(60, TimeUnit.SECONDS)).as("stopped in time").isTrue();

        assertThat(output()).contains("- rollouts/s").doesNotContain("NaN");
        JsonNode summary = new ObjectMapper()
                .readTree(directory.resolve("runs/stopped/summary.json").toFile());
        assertThat(summary.get("rollouts_per_second").isNull()).isTrue();
        assertThat(summary.toString()).doesNotContain("NaN");
    }

    /** A checkpoint of random weights that reads the tokens of the addition task. */
    private Path model() throws IOException {
        Path model = directory.resolve("model");
        Models.fresh("addition", 1, model);
        String config = Files.readString(model.resolve("config.json"))
                .replaceAll("\"hidden_size\" *: *\\d+", "\"hidden_size\": 256")
                .replaceAll("\"intermediate_size\" *: *\\d+", "\"intermediate_size\": 1024")
                .replaceAll("\"num_hidden_layers\" *: *\\d+", "\"num_hidden_layers\": 3")
                .replaceAll("\"max_position_embeddings\" *: *\\d+", "\"max_position_embeddings\": 128");
        Files.writeString(model.resolve("config.json"), config);
        try (PolicyModel policy =
                        PolicyModel.random(ModelConfig.read(model.resolve("config.json")), 1, ModelSettings.cpu());
                FileChannel weights = FileChannel.open(
                        model.resolve("model.safetensors"),
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            policy.writeWeights(weights);
        }
        return model;
    }

    private Process train(Path model) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-Dsppo.terminal=true", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(Main.class.getName(), "train", "--run=" + RUN));
        command.add("--data-dir=" + directory.resolve("data"));
        command.add("--runs-dir=" + directory.resolve("runs"));
        command.addAll(List.of("--model=" + model, "--set=batch.size=64", "--set=sampling.max.tokens=100"));
        command.addAll(List.of("--set=eval.prompts=20", "--set=training.micro.batch.tokens=1024"));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private static void interrupt(Process run) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("sh", "-c", "kill -INT " + run.pid())
                        .start()
                        .waitFor())
                .isZero();
    }

    private String output() throws IOException {
        return Files.readString(directory.resolve("output"));
    }

    private int stepsOnTheLedger() {
        Map<String, String> where =
                Map.of("run", RUN, "data.dir", directory.resolve("data").toString());
        try (RecordedRun recorded = RecordedRun.open(Configuration.load(null, Map.of(), where))) {
            Topic<TrainingStep> ledger = recorded.log().topics().trainingSteps();
            try (EventReader log = recorded.log().reader(List.of(ledger))) {
                List<TrainingStep> steps = log.pollToEnd().stream()
                        .map(record -> (TrainingStep) record.event())
                        .toList();
                return (int) Math.min(count(steps, ModelKind.POLICY), count(steps, ModelKind.CRITIC));
            }
        }
    }

    private static long count(List<TrainingStep> steps, ModelKind kind) {
        return steps.stream().filter(step -> step.getLine().equals(kind.id())).count();
    }
}
