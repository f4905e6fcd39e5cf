package io.sppostream.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.cli.Invocation;
import io.sppostream.cli.Main;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose rewards are those of a built-in verifier, a plugin and a service together, under the eyes of a shadow. */
class VerifiersTogetherIT {
    private static final int SAMPLES = 3 * 64;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldTrainOnWhatTheVerifiersOfTheDatasetComeTo() throws Exception {
        PluginJar.build(directory.resolve("plugins"));
        try (SlowService service = SlowService.taking(Duration.ofMillis(5), request -> request % 7 == 0 ? 503 : 200)) {
            Path configuration = Files.writeString(
                    directory.resolve("run.yaml"), """
                    verifier:
                      default: math
                      addition: weighted(exact=2, word-limit=1, service=1), shadow(math)
                      plugins: %s
                    verifiers:
                      word-limit.settings.most: 1
                      service: {type: http, url: "%s", batch.size: 8, attempts: 9}
                    batch.size: 64
                    eval.prompts: 20
                    """.formatted(directory.resolve("plugins"), service.url()));
            assertThat(Main.run(
                            "train",
                            "--config=" + configuration,
                            "--run=together",
                            "--steps=3",
                            "--data-dir=" + directory.resolve("data"),
                            "--runs-dir=" + directory.resolve("runs")))
                    .isZero();
        }

        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics("together", 1);
            List<Verdict> verdicts = read(kafka, topics.verdicts());
            List<TrainingSample> samples = read(kafka, topics.advantages());
            for (String verifier : List.of("exact", "word-limit", "service", "math")) {
                assertThat(verdicts)
                        .filteredOn(verdict -> verdict.getVerifier().equals(verifier))
                        .as(verifier)
                        .hasSizeGreaterThanOrEqualTo(SAMPLES)
                        .allMatch(verdict -> verdict.getShadow() == verifier.equals("math"))
                        .extracting(Verdict::getRolloutId)
                        .doesNotHaveDuplicates();
            }
            assertThat(verdicts)
                    .filteredOn(verdict -> verdict.getVerifier().equals("word-limit"))
                    .allMatch(verdict -> verdict.getSettings().equals(Map.of("most", "1")));
            assertThat(samples).hasSizeGreaterThanOrEqualTo(SAMPLES).allSatisfy(sample -> {
                assertThat(sample.getCombination()).isEqualTo("weighted(exact=2.0, word-limit=1.0, service=1.0)");
                assertThat(sample.getVerdict().getVerifier()).isEqualTo("exact");
                assertThat(sample.getFurtherVerdicts())
                        .extracting(Verdict::getVerifier)
                        .containsExactly("word-limit", "service");
                assertThat(sample.getReward())
                        .isEqualTo((2 * sample.getVerdict().getReward()
                                        + sample.getFurtherVerdicts().get(0).getReward()
                                        + sample.getFurtherVerdicts().get(1).getReward())
                                / 4);
            });
            shouldNotTrustTheRecord(cluster);
            shouldReportTheShadow(cluster, verdicts);
        }
    }

    private void shouldNotTrustTheRecord(EmbeddedCluster cluster) {
        Invocation replay = Invocation.of(
                "replay",
                "--from=together",
                "--into=again",
                "--judge-again",
                "--client-properties=" + cluster.clientProperties(),
                "--data-dir=" + directory.resolve("replay"),
                "--runs-dir=" + directory.resolve("runs"));
        assertThat(replay.code()).isEqualTo(1);
        assertThat(replay.err())
                .contains("verifier.plugins = " + directory.resolve("plugins"), "verifiers.service.url = http://")
                .contains("--trust-recorded-plugins");
    }

    private static void shouldReportTheShadow(EmbeddedCluster cluster, List<Verdict> verdicts) {
        PrintStream realOut = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, UTF_8));
        try {
            assertThat(Main.run("shadows", "--run=together", "--client-properties=" + cluster.clientProperties()))
                    .isZero();
        } finally {
            System.setOut(realOut);
        }
        // No response of the addition task marks its answer: the maths grader finds none, and the word limit pays 1/4.
        assertThat(verdicts)
                .filteredOn(Verdict::getShadow)
                .allMatch(verdict -> verdict.getStatus() == VerdictStatus.NO_ANSWER);
        assertThat(out.toString(UTF_8).lines())
                .hasSizeGreaterThanOrEqualTo(SAMPLES)
                .allMatch(line -> line.contains("\"math\":{\"status\":\"NO_ANSWER\"") && line.contains("\"gold\":"));
    }

    private static <V extends SpecificRecord> List<V> read(KafkaSettings kafka, Topic<V> topic) {
        List<V> events = new ArrayList<>();
        try (EventSerdes serdes = new EventSerdes(kafka);
                EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
            for (List<EventRecord<?>> some = log.poll(Duration.ofSeconds(5));
                    !some.isEmpty();
                    some = log.poll(Duration.ofSeconds(2))) {
                some.forEach(received -> events.add(topic.valueType().cast(received.event())));
            }
        }
        return events;
    }
}
