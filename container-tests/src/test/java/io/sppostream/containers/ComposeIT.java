package io.sppostream.containers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docker-compose.yml}: each role in a container of its own trains the addition task. And
 * {@code compose/three-brokers.yml}: a cluster for roles outside.
 */
class ComposeIT {
    private static final Path IMAGES = Path.of(System.getProperty("images.directory", "../images/target"));
    private static final String VERSION = System.getProperty("images.version", "0.1.0-SNAPSHOT");
    private static final String PROJECT = "sppo-compose-it";
    private static final int STEPS = 3;
    private static final Path ROLES = Path.of("docker-compose.yml");
    private static final Path THREE_BROKERS = Path.of("compose", "three-brokers.yml");

    @TempDir
    private Path directory = Path.of("");

    private record Result(int code, String output) {}

    @BeforeAll
    static void needEngine() {
        Containers.requireEngine();
    }

    @AfterEach
    void remove() throws Exception {
        for (Path file : List.of(ROLES, THREE_BROKERS)) {
            compose(file, "down", "--volumes", "--timeout", "30");
        }
    }

    @Test
    void shouldStartThreeBrokersThatReplicateEachTopic() throws Exception {
        Result up = compose(THREE_BROKERS, "up", "-d");
        assertThat(up.code()).as(up.output()).isZero();
        awaitHealthy(THREE_BROKERS, List.of("kafka-1", "kafka-2", "kafka-3", "registry"));

        for (String broker : List.of("kafka-1", "kafka-2", "kafka-3")) {
            assertThat(compose(THREE_BROKERS, "exec", "-T", broker, "ls", "/var/lib/kafka/data")
                            .output())
                    .as("partitions on %s", broker)
                    .contains("kafkasql-journal-0"); // of the registry, with the brokers' defaults
        }
    }

    @Test
    void shouldTrainWithARolePerContainer() throws Exception {
        assumeTrue(
                Files.exists(IMAGES.resolve("sppo-stream.tar")) && Files.exists(IMAGES.resolve("sppo-stream-slim.tar")),
                "no images in " + IMAGES + ": build them with -Pimages");
        for (String image : List.of("sppo-stream.tar", "sppo-stream-slim.tar")) {
            Result loaded =
                    run(List.of("docker", "load", "-i", IMAGES.resolve(image).toString()));
            assertThat(loaded.code()).as(loaded.output()).isZero();
        }

        Result up = compose(ROLES, "up", "-d");
        assertThat(up.code()).as(up.output()).isZero();
        awaitHealthy(ROLES, List.of("feed", "rollout", "verify", "advantage", "critic", "learn"));

        await("the last step")
                .atMost(Duration.ofMinutes(4))
                .pollInterval(Duration.ofSeconds(5))
                .until(() -> sppo("inspect", "--run=compose", "--step=" + STEPS).code() == 0);
        Result audit = sppo("audit", "--run=compose");
        assertThat(audit.code()).as(audit.output()).isZero();
    }

    private void awaitHealthy(Path file, List<String> services) throws IOException, InterruptedException {
        for (String service : services) {
            String container = compose(file, "ps", "-q", service).output().strip();
            await(service + " is healthy")
                    .atMost(Duration.ofMinutes(4))
                    .pollInterval(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(
                                    run(List.of("docker", "inspect", "-f", "{{.State.Health.Status}}", container))
                                            .output()
                                            .strip())
                            .isEqualTo("healthy"));
        }
    }

    /** A command in the learner's container, which has the addresses of the cluster in its environment. */
    private Result sppo(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("exec", "-T", "learn", "/opt/sppo-stream/bin/sppo"));
        command.addAll(List.of(arguments));
        return compose(ROLES, command.toArray(String[]::new));
    }

    private Result compose(Path file, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                run(List.of("docker", "compose", "version")).code() == 0
                        ? List.of("docker", "compose")
                        : List.of("docker-compose"));
        command.addAll(
                List.of("-p", PROJECT, "-f", Containers.REPOSITORY.resolve(file).toString()));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private Result run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile(directory, "output", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("VERSION", VERSION);
        builder.environment().put("RUN", "compose");
        builder.environment().put("STEPS", String.valueOf(STEPS));
        Process process = builder.start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ends", command).isTrue();
        return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }
}
