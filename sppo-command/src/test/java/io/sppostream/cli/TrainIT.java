package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Prompt;
import io.sppostream.events.Run;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.run.config.Configuration;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A short run of the command over the embedded broker, and what it leaves on the log. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrainIT {
    private static final int STEPS = 60;
    private static final int BATCH = 512;
    private static final String RUN = "one-digit";

    private Path directory = Path.of("");
    private int exitCode;
    private JsonNode summary = new ObjectMapper().nullNode();

    @BeforeAll
    void train(@TempDir Path temporary) throws IOException {
        directory = temporary;
        Path model = directory.resolve("model");
        assertThat(Main.run("pretrain", "--dataset=addition-1", "--steps=60", "--output=" + model))
                .isZero();
        exitCode = Main.run(
                "train",
                "--dataset=addition-1",
                "--model=" + model,
                "--run=" + RUN,
                "--steps=" + STEPS,
                "--data-dir=" + directory.resolve("data"),
                "--runs-dir=" + directory.resolve("runs"));
        summary = new ObjectMapper()
                .readTree(directory.resolve("runs/one-digit/summary.json").toFile());
    }

    @Test
    void shouldLearn() {
        assertThat(exitCode).isZero();
        assertThat(summary.get("accuracy_after").asDouble()
                        - summary.get("accuracy_before").asDouble())
                .as("rise of held-out accuracy in %d steps", STEPS)
                .isGreaterThanOrEqualTo(0.25);
        assertThat(summary.get("rollouts").asLong()).isEqualTo((long) STEPS * BATCH);
    }

    @Test
    void shouldDrawTheCurves() throws IOException {
        assertThat(Files.readString(directory.resolve("runs/one-digit/figure.html")))
                .contains("held-out accuracy", "explained variance", "echarts")
                .doesNotContain("{{");
    }

    @Test
    void shouldLeaveARunOnTheLogThatAddsUp() {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            Topics topics = new Topics(RUN, 1);
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                List<TrainingStep> ledger = read(kafka, serdes, topics.trainingSteps(), TrainingStep.class);
                for (ModelKind kind : ModelKind.values()) {
                    List<TrainingStep> steps = ledger.stream()
                            .filter(step -> step.getLine().equals(kind.id()))
                            .toList();
                    assertThat(steps).hasSize(STEPS);
                    shouldTrainEachRolloutOnce(kafka, serdes, topics, steps);
                    shouldChainHashes(steps, read(kafka, serdes, topics.versions(kind), WeightsManifest.class));
                    shouldRecordTheConfiguration(kafka, serdes, topics, steps);
                }
                shouldCarryTheBytesOfTheLastVersion(kafka, serdes, topics);
            }
        }
    }

    @Test
    void shouldNotDoItAllAgainWhenTheClusterHasForgottenHowFarItHasCome() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("forgetful")));
                Admin admin = Admin.create(cluster.kafka().admin())) {
            assertThat(Main.run(trainOn(cluster, 2))).isZero();
            for (String role : List.of("critic", "advantage-stream", "rollout-producer", "reward-verifier")) {
                String group = "forgotten." + role;
                Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                        .partitionsToOffsetAndMetadata()
                        .get();
                admin.deleteConsumerGroups(List.of(group)).all().get();
                Invocation refused = Invocation.of(trainOn(cluster, 3));
                assertThat(refused.code()).isEqualTo(1);
                assertThat(refused.err())
                        .hasLineCount(1)
                        .contains("the cluster has forgotten how far " + group + " has read forgotten.");
                admin.alterConsumerGroupOffsets(group, offsets).all().get();
            }
            assertThat(stepsOfTheLastTrained(cluster)).isEqualTo(2);
            assertThat(Main.run(trainOn(cluster, 3))).isZero();
            assertThat(stepsOfTheLastTrained(cluster)).isEqualTo(3);
        }
    }

    private String[] trainOn(EmbeddedCluster cluster, int steps) {
        return new String[] {
            "train",
            "--run=forgotten",
            "--steps=" + steps,
            "--set=batch.size=64",
            "--set=eval.prompts=10",
            "--data-dir=" + directory.resolve("streams"),
            "--runs-dir=" + directory.resolve("runs"),
            "--client-properties=" + cluster.clientProperties()
        };
    }

    private static int stepsOfTheLastTrained(EmbeddedCluster cluster) {
        Map<String, String> where = Map.of(
                "run",
                "forgotten",
                "client.properties",
                cluster.clientProperties().toString());
        try (RecordedRun run = RecordedRun.open(Configuration.load(null, Map.of(), where))) {
            return Configuration.recorded(run.lastTrained().getConfiguration(), Map.of(), Map.of())
                    .settings()
                    .steps();
        }
    }

    private static void shouldTrainEachRolloutOnce(
            KafkaSettings kafka, EventSerdes serdes, Topics topics, List<TrainingStep> steps) {
        List<String> requested = read(kafka, serdes, topics.prompts(), Prompt.class).stream()
                .map(prompt -> prompt.getRequestId() + "/0")
                .toList();
        List<String> trained = steps.stream()
                .flatMap(step -> step.getSamples().stream())
                .map(TrainedSample::getRolloutId)
                .toList();
        assertThat(trained).containsExactlyInAnyOrderElementsOf(requested);
    }

    private static void shouldChainHashes(List<TrainingStep> steps, List<WeightsManifest> versions) {
        // A learner that stops publishes its last version again, as a snapshot.
        assertThat(versions.stream().map(WeightsManifest::getVersion).distinct())
                .hasSize(STEPS + 1);
        for (int i = 0; i < steps.size(); i++) {
            assertThat(steps.get(i).getFromSha256()).isEqualTo(versions.get(i).getSha256());
            assertThat(steps.get(i).getToSha256()).isEqualTo(versions.get(i + 1).getSha256());
        }
    }

    private static void shouldRecordTheConfiguration(
            KafkaSettings kafka, EventSerdes serdes, Topics topics, List<TrainingStep> steps) {
        Run run = read(kafka, serdes, topics.runs(), Run.class).get(0);
        assertThat(Hashes.sha256(run.getConfiguration())).isEqualTo(run.getConfigurationSha256());
        assertThat(steps).allMatch(step -> step.getConfigurationSha256().equals(run.getConfigurationSha256()));
    }

    private void shouldCarryTheBytesOfTheLastVersion(KafkaSettings kafka, EventSerdes serdes, Topics topics) {
        try (WeightsFollower log = new WeightsFollower(new RunLog(kafka, serdes, topics), ModelKind.POLICY)) {
            List<WeightsManifest> versions = log.poll(Duration.ofSeconds(10));
            var digest = Hashes.sha256();
            assertThat(log.fetch(
                            versions.get(versions.size() - 1),
                            channel -> digest.update(
                                    Channels.newInputStream(channel).readAllBytes())))
                    .isTrue();
            assertThat(Hashes.hex(digest))
                    .isEqualTo(summary.get("weights_sha256").asText());
        }
    }

    private static <V extends SpecificRecord> List<V> read(
            KafkaSettings kafka, EventSerdes serdes, Topic<V> topic, Class<V> type) {
        List<V> events = new ArrayList<>();
        try (EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
            for (List<EventRecord<?>> some = log.poll(Duration.ofSeconds(5));
                    !some.isEmpty();
                    some = log.poll(Duration.ofSeconds(2))) {
                some.forEach(received -> events.add(type.cast(received.event())));
            }
        }
        return events;
    }
}
