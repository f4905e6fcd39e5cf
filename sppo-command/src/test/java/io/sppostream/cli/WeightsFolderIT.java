package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose weights are in a folder: killed, resumed, audited, exported, damaged. */
class WeightsFolderIT {
    private static final int STEPS = 60;
    private static final int SNAPSHOTS = 7;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldMakeTheWeightsOfARunOnTheLogWhenKilledAndResumed() throws Exception {
        assertThat(Main.run(train("log", STEPS, "weights.uri=log"))).isZero();

        String folder = "weights.uri=" + directory.resolve("weights").toUri();
        Process killed = start(train("folder", STEPS, folder));
        await().atMost(Duration.ofMinutes(3)).until(() -> {
            assertThat(killed.isAlive()).as(output()).isTrue();
            return versions("policy").stream().anyMatch(version -> version.startsWith("000005-"));
        });
        killed.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        Files.createDirectories(versionsOf("policy").resolve("000005-0rphan0f")); // not the name of a version
        Files.createDirectories(versionsOf("policy").resolve("000005-00000bad")); // of a step that was never committed
        assertThat(Main.run(train("folder", STEPS, folder))).isZero();

        String sha256 = weights("folder");
        assertThat(sha256).isEqualTo(weights("log"));
        assertThat(versions("policy"))
                .as("start weights, two snapshots, the last versions, and what is no version")
                .extracting(version -> version.substring(0, 6))
                .containsExactly("000000", "000005", "000056", "000059", "000060", "000060");
        assertThat(versions("policy")).contains("000005-0rphan0f").doesNotContain("000005-00000bad");

        assertThat(Main.run(command("audit", "--run=folder", "--retrain"))).isZero();
        shouldExport(sha256);
        shouldFindDamage();
    }

    @Test
    void shouldSampleFromRoundedWeightsAndTrainOnExactOnes() throws Exception {
        String[] settings = {"weights.uri=" + directory.resolve("weights"), "weights.precision=bf16"};
        assertThat(Main.run(train("folder", 5, settings))).isZero();
        assertThat(Main.run(train("folder", 12, settings))).isZero();
        assertThat(Main.run(command("audit", "--run=folder", "--retrain"))).isZero();

        Path exported = directory.resolve("exported");
        assertThat(Main.run(command("export", "--run=folder", "--out=" + exported)))
                .isZero();
        assertThat(sha256(exported.resolve("model.safetensors"))).isEqualTo(weights("folder"));
        assertThat(Files.readString(exported.resolve("config.json"))).contains("bfloat16");
        try (PolicyModel policy = PolicyModel.load(Checkpoint.open(exported), ModelSettings.cpu())) {
            assertThat(policy.parameters()).isPositive();
        }
        assertThat(Main.run(command("replay", "--from=folder", "--into=again", "--runs-dir=" + runs())))
                .isZero();
    }

    private void shouldExport(String sha256) throws IOException {
        Path last = directory.resolve("last");
        Invocation export = Invocation.of(command("export", "--run=folder", "--out=" + last));
        assertThat(export.code()).as(export.err()).isZero();
        assertThat(export.out()).contains("policy version " + STEPS, sha256);
        assertThat(sha256(last.resolve("model.safetensors"))).isEqualTo(sha256);
        Path ofLog = directory.resolve("of-log");
        assertThat(Main.run(command("export", "--run=log", "--version=59", "--out=" + ofLog)))
                .isZero();
        for (Path exported : List.of(last, ofLog)) {
            assertThat(exported).isDirectoryContaining("glob:**/tokenizer.json");
            Checkpoint checkpoint = Checkpoint.open(exported);
            checkpoint.tokenizer().close();
            PolicyModel.load(checkpoint, ModelSettings.cpu()).close();
        }

        Invocation.of(command("export", "--run=folder", "--version=4", "--out=" + directory.resolve("gone")))
                .assertRefused("policy version 4", "those of 0, 56, 59-60 exist");
        Invocation.of(command("export", "--run=folder", "--version=99", "--out=" + directory.resolve("gone")))
                .assertRefused("has no policy version 99: its last is " + STEPS);
        Invocation.of(command("export", "--run=folder", "--out=" + last)).assertRefused("is not empty");
        Invocation.of(command("export", "--run=unknown", "--out=" + directory.resolve("gone")))
                .assertRefused("unknown");
    }

    private void shouldFindDamage() throws IOException {
        String version = versions("policy").stream()
                .filter(each -> each.startsWith("000059"))
                .findFirst()
                .orElseThrow();
        Path file = versionsOf("policy").resolve(version).resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);

        Invocation audit = Invocation.of(command("audit", "--run=folder"));
        assertThat(audit.code()).isEqualTo(1);
        assertThat(audit.out()).contains("version 59 can't be read", "fails its CRC-32C");
        Invocation.of(command("export", "--run=folder", "--version=59", "--out=" + directory.resolve("damaged")))
                .assertRefused("fails its CRC-32C");
    }

    private String[] train(String run, int steps, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(
                "--run=" + run,
                "--lag=0",
                "--steps=" + steps,
                "--set=batch.size=64",
                "--set=eval.prompts=20",
                "--set=weights.snapshot.interval=" + SNAPSHOTS,
                "--runs-dir=" + runs()));
        for (String setting : settings) {
            arguments.add("--set=" + setting);
        }
        return command("train", arguments.toArray(String[]::new));
    }

    private String[] command(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(name));
        command.addAll(List.of(arguments));
        command.add("--data-dir=" + directory.resolve("data"));
        return command.toArray(String[]::new);
    }

    private Process start(String[] arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private String output() throws IOException {
        return Files.readString(directory.resolve("output"));
    }

    private Path runs() {
        return directory.resolve("runs");
    }

    private Path versionsOf(String model) {
        return directory.resolve("weights").resolve("folder").resolve(model);
    }

    private List<String> versions(String model) throws IOException {
        if (!Files.exists(versionsOf(model))) {
            return List.of();
        }
        try (Stream<Path> versions = Files.list(versionsOf(model))) {
            return versions.map(version -> version.getFileName().toString())
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }

    private String weights(String run) throws IOException {
        JsonNode summary = new ObjectMapper()
                .readTree(runs().resolve(run).resolve("summary.json").toFile());
        return summary.get("weights_sha256").asText();
    }

    private static String sha256(Path file) throws IOException {
        MessageDigest digest = Hashes.sha256();
        digest.update(Files.readAllBytes(file));
        return Hashes.hex(digest);
    }
}
