package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.Audit;
import io.sppostream.history.audit.AuditReport;
import io.sppostream.history.audit.Finding;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Audits a run in progress, a finished one, and one that was tampered with. */
class AuditIT {
    private static final String RUN = "audited";
    private static final int STEPS = 12;
    private static final int BATCH = 64;

    private final Topics topics = new Topics(RUN, 1);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldBeCleanUntilTheLogIsTamperedWithAndThenSayWhere() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            KafkaSettings kafka = cluster.kafka();
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                shouldBeCleanAtAnyMoment(kafka, serdes, train(cluster));
                assertThat(Main.run("audit", "--run=" + RUN, "--retrain", "--data-dir=" + directory.resolve("data")))
                        .as("exit code, by way of the broker that runs on the directory")
                        .isZero();
                assertThat(Main.run("topics", "--describe", "--run=" + RUN, "--data-dir=" + directory.resolve("data")))
                        .as("exit code, likewise")
                        .isZero();
                Audit audit = new Audit(new RunLog(kafka, serdes, topics));
                assertThat(summary(audit.run(), "requests"))
                        .isEqualTo(STEPS * BATCH + " rollouts asked for: " + STEPS * BATCH
                                + " trained, 0 expired, 0 pending");

                Prompt prompt = Prompt.newBuilder(
                                first(kafka, serdes, topics.prompts()).event())
                        .setRequestId("unanswered")
                        .build();
                append(kafka, serdes, topics.prompts(), prompt.getRequestId(), prompt);
                AuditReport pending = audit.run();
                assertThat(pending.clean()).isTrue();
                assertThat(summary(pending, "requests")).contains("1 pending (1 unanswered");

                TrainingSample sample =
                        first(kafka, serdes, topics.advantages()).event();
                append(kafka, serdes, topics.advantages(), sample.getRollout().getRequestId(), sample);
                assertThat(audit.run().first().map(Finding::toString).orElse(""))
                        .startsWith("audited.advantages.v1-0@")
                        .endsWith("rollout " + sample.getRollout().getRolloutId() + " has a training sample already");

                TrainingStep step = first(kafka, serdes, topics.trainingSteps()).event();
                append(kafka, serdes, topics.trainingSteps(), step.getLine(), step);
                assertThat(audit.run().first().map(Finding::toString).orElse(""))
                        .startsWith("audited.training-steps.v1-0@")
                        .contains(step.getLine() + " step " + (STEPS + 1) + " is expected, step 1 is there");
            }
            assertThat(Main.run("audit", "--run=" + RUN, "--data-dir=" + directory.resolve("data")))
                    .isEqualTo(1);
        }
    }

    private CompletableFuture<Integer> train(EmbeddedCluster cluster) {
        return CompletableFuture.supplyAsync(() -> Main.run(
                "train",
                "--run=" + RUN,
                "--steps=" + STEPS,
                "--set=batch.size=" + BATCH,
                "--client-properties=" + cluster.clientProperties(),
                "--data-dir=" + directory.resolve("streams"),
                "--runs-dir=" + directory.resolve("runs")));
    }

    private void shouldBeCleanAtAnyMoment(KafkaSettings kafka, EventSerdes serdes, CompletableFuture<Integer> run) {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            await().atMost(Duration.ofSeconds(60)).until(() -> run.isDone() || admin.exists(topics));
        }
        Audit audit = new Audit(new RunLog(kafka, serdes, topics));
        List<String> summaries = new ArrayList<>();
        do {
            AuditReport report = audit.run();
            assertThat(report.first()).isEmpty();
            summaries.add(summary(report, "requests"));
        } while (!run.isDone());
        assertThat(run.join()).isZero();
        assertThat(summaries).as("audits while it trained").hasSizeGreaterThan(2);
    }

    private static String summary(AuditReport report, String check) {
        return report.results().stream()
                .filter(result -> result.name().equals(check))
                .findFirst()
                .orElseThrow()
                .summary();
    }

    private static <V extends SpecificRecord> EventRecord<V> first(
            KafkaSettings kafka, EventSerdes serdes, Topic<V> topic) {
        List<EventRecord<V>> records = new ArrayList<>();
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            new LogScan(kafka, serdes)
                    .read(topic, admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic)), records::add);
        }
        return records.get(0);
    }

    private static <V extends SpecificRecord> void append(
            KafkaSettings kafka, EventSerdes serdes, Topic<V> topic, String key, V event)
            throws ExecutionException, InterruptedException {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = serdes.serializer(topic).serialize(topic.name(), event);
            producer.send(new ProducerRecord<>(topic.name(), key.getBytes(UTF_8), value))
                    .get();
        }
    }
}
