package io.sppostream.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in Python, where its Kafka client is installed ({@code -Dexample.python=PATH} for another Python). */
class PythonVerifierIT {
    private static final String PYTHON = System.getProperty("example.python", "python3");
    private static final Path PROGRAM = Path.of("../examples/verifier-python/verifier.py");
    private static final int ROLLOUTS = 6_000;

    @TempDir
    private Path directory = Path.of("");

    @BeforeEach
    void needPython() throws Exception {
        boolean there;
        try {
            Process probe = new ProcessBuilder(PYTHON, "-c", "import confluent_kafka").start();
            there = probe.waitFor(30, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, PYTHON + " has no module confluent_kafka: install python3-confluent-kafka to run this");
    }

    private Process start(EmbeddedCluster cluster) throws IOException {
        return new ProcessBuilder(PYTHON, PROGRAM.toString(), "--run=python", "--config=" + cluster.clientProperties())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("verifier.log").toFile())
                .start();
    }

    @Test
    void shouldPublishEachVerdictOnceThoughItIsKilled() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            KafkaSettings kafka = cluster.kafka();
            try (VerifierLog log = new VerifierLog(kafka, new Topics("python", 2))) {
                log.write(IntStream.range(0, ROLLOUTS)
                        .mapToObj(i -> Rollouts.of(
                                String.format("%06d", i), "any", i % 3 == 0 ? "no idea" : "ü: 4" + i % 3, "42")));
                for (int part = 1; part <= 3; part++) {
                    Process verifier = start(cluster);
                    try {
                        log.await("last-number", part == 3 ? ROLLOUTS : part * ROLLOUTS / 5);
                    } finally {
                        verifier.destroyForcibly().waitFor();
                    }
                }

                List<Verdict> verdicts = log.verdicts();
                Set<String> judged = new HashSet<>();
                verdicts.forEach(verdict -> judged.add(verdict.getRolloutId()));
                assertThat(verdicts).hasSize(ROLLOUTS);
                assertThat(judged).hasSize(ROLLOUTS);
                assertThat(verdicts).allSatisfy(verdict -> {
                    int kind = Integer.parseInt(verdict.getRequestId()) % 3;
                    assertThat(verdict.getStatus())
                            .isEqualTo(
                                    kind == 0
                                            ? VerdictStatus.NO_ANSWER
                                            : kind == 2 ? VerdictStatus.CORRECT : VerdictStatus.INCORRECT);
                    assertThat(verdict.getReward()).isEqualTo(kind == 2 ? 1.0 : 0.0);
                    assertThat(verdict.getExtracted()).isEqualTo(kind == 0 ? null : "4" + kind);
                    assertThat(verdict.getShadow()).isFalse();
                });
            }
        }
    }
}
