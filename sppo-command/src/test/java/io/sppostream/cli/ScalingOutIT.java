package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Expired;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several processes share the work of a role. Some are killed in the middle of a run, others are added; nothing is lost and
 * nothing is trained on twice.
 */
class ScalingOutIT {
    private static final String RUN = "scaled";
    private static final int PARTITIONS = 4;
    private static final int STEPS = 24;
    private static final int BATCH = 64;
    private static final Duration TIMEOUT = Duration.ofMinutes(4);
    private static final int STOP_SECONDS = 30;

    @TempDir
    private Path directory = Path.of("");

    private final List<RoleProcess> processes = new ArrayList<>();

    @AfterEach
    void killAll() {
        processes.forEach(RoleProcess::kill);
    }

    @Test
    void shouldTakeOverFromKilledProcesses() throws Exception {
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("cluster")))) {
            List<String> create = new ArrayList<>(List.of("topics", "--create"));
            create.addAll(options(cluster, "shared"));
            assertThat(Main.run(create.toArray(String[]::new))).isZero();
            KafkaSettings kafka = cluster.kafka();
            try (EventSerdes serdes = new EventSerdes(kafka)) {
                RunLog log = new RunLog(kafka, serdes, new Topics(RUN, PARTITIONS));
                run(cluster, log);
            }
            assertThat(Main.run("audit", "--run=" + RUN, "--client-properties=" + cluster.clientProperties()))
                    .as("exit code of the audit")
                    .isZero();
        }
    }

    private void run(EmbeddedCluster cluster, RunLog log) throws Exception {
        RoleProcess learner = start(Role.LEARN, cluster, "learn");
        RoleProcess critic = start(Role.CRITIC, cluster, "critic");
        RoleProcess scorer = start(Role.SCORE, cluster, "shared");
        RoleProcess otherScorer = start(Role.SCORE, cluster, "elsewhere");
        // Those of a machine share its data directory, those of other machines have their own.
        RoleProcess join = start(Role.ADVANTAGE, cluster, "shared");
        RoleProcess otherJoin = start(Role.ADVANTAGE, cluster, "shared");
        RoleProcess verifier = start(Role.VERIFY, cluster, "shared");
        RoleProcess otherVerifier = start(Role.VERIFY, cluster, "elsewhere");
        RoleProcess producer = start(Role.ROLLOUT, cluster, "shared");
        RoleProcess otherProducer = start(Role.ROLLOUT, cluster, "elsewhere");
        RoleProcess feed = start(Role.FEED, cluster, "feed");
        awaitReady(
                learner,
                critic,
                scorer,
                otherScorer,
                join,
                otherJoin,
                verifier,
                otherVerifier,
                producer,
                otherProducer,
                feed);

        awaitStep(3, log);
        producer.kill();
        verifier.kill();
        join.kill();
        scorer.kill();
        RoleProcess addedProducer = start(Role.ROLLOUT, cluster, "third");
        RoleProcess addedVerifier = start(Role.VERIFY, cluster, "third");
        RoleProcess addedScorer = start(Role.SCORE, cluster, "third");
        RoleProcess addedJoin = start(Role.ADVANTAGE, cluster, "third");

        awaitStep(10, log);
        otherProducer.kill();
        otherJoin.kill();
        otherScorer.kill();
        otherVerifier.kill();
        awaitReady(learner, critic, addedScorer, addedJoin, addedVerifier, addedProducer, feed);

        awaitStep(STEPS, log);
        assertThat(metric(learner)).contains("sppo_loss{model=\"policy\",run=\"scaled\"}", "sppo_step_seconds_count{");
        assertThat(metric(addedScorer)).contains("sppo_values_total{run=\"scaled\"}");
        assertThat(metric(critic)).contains("sppo_loss{model=\"critic\"");
        assertThat(metric(addedJoin)).contains("sppo_join_pending{run=\"scaled\"}", "kafka_stream_");
        assertThat(metric(addedVerifier)).contains("sppo_verdict_latency_seconds_count{");
        assertThat(metric(addedProducer)).contains("sppo_rollouts_total{run=\"scaled\"}", "kafka_consumer_");
        assertThat(metric(feed)).contains("sppo_prompts_total{run=\"scaled\"}", "jvm_memory_used_bytes{");
        stopAll(learner, critic, addedScorer, addedJoin, addedVerifier, addedProducer, feed);
        assertOnce(log);
    }

    private static String metric(RoleProcess process) throws IOException, InterruptedException {
        return process.get("/metrics").body();
    }

    private RoleProcess start(Role role, EmbeddedCluster cluster, String dataDirectory) throws IOException {
        RoleProcess process = RoleProcess.start(
                role,
                directory.resolve(role.command() + "-" + processes.size() + ".out"),
                options(cluster, dataDirectory));
        processes.add(process);
        return process;
    }

    private List<String> options(EmbeddedCluster cluster, String dataDirectory) {
        return List.of(
                "--run=" + RUN,
                "--client-properties=" + cluster.clientProperties(),
                "--data-dir=" + directory.resolve(dataDirectory),
                "--steps=" + STEPS,
                "--batch-size=" + BATCH,
                "--set=partitions=" + PARTITIONS,
                "--set=critic.scoring=apart",
                "--set=rollout.workers=1",
                "--set=training.threads=1");
    }

    private static void awaitReady(RoleProcess... all) {
        for (RoleProcess process : all) {
            await().atMost(TIMEOUT).until(process::isReady);
        }
    }

    private static void awaitStep(int step, RunLog log) {
        await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(200)).until(() -> {
            List<TrainingStep> steps = read(log, TrainingStep.class);
            return List.of(ModelKind.values()).stream()
                    .allMatch(kind -> steps.stream()
                            .anyMatch(made -> made.getLine().equals(kind.id()) && made.getStep() >= step));
        });
    }

    /** SIGTERM to all at once. */
    private static void stopAll(RoleProcess... all) throws InterruptedException {
        long asked = System.nanoTime();
        for (RoleProcess process : all) {
            process.terminate();
        }
        for (RoleProcess process : all) {
            long left = TimeUnit.SECONDS.toNanos(STOP_SECONDS) - (System.nanoTime() - asked);
            assertThat(process.process().waitFor(Math.max(0, left), TimeUnit.NANOSECONDS))
                    .as("ended within %d s of SIGTERM: %s", STOP_SECONDS, process.printed())
                    .isTrue();
            assertThat(process.printed()).doesNotContain("sppo: ");
        }
    }

    /** Each sample of each model is trained on once, and none has expired. */
    private static void assertOnce(RunLog log) {
        List<TrainingStep> steps = read(log, TrainingStep.class);
        for (ModelKind kind : ModelKind.values()) {
            Set<String> trained = new HashSet<>();
            steps.stream()
                    .filter(step -> step.getLine().equals(kind.id()))
                    .flatMap(step -> step.getSamples().stream())
                    .forEach(sample -> assertThat(trained.add(sample.getRolloutId()))
                            .as("%s trained on %s once", kind, sample.getRolloutId())
                            .isTrue());
            assertThat(trained).hasSize(STEPS * BATCH);
        }
        assertThat(read(log, Expired.class)).isEmpty();
        assertThat(read(log, Value.class)).extracting(Value::getRequestId).doesNotHaveDuplicates();
    }

    private static <V> List<V> read(RunLog log, Class<V> type) {
        try (EventReader reader = log.reader(List.of(
                log.topics().trainingSteps(),
                log.topics().expired(),
                log.topics().values()))) {
            return reader.pollToEnd().stream()
                    .map(EventRecord::event)
                    .filter(type::isInstance)
                    .map(type::cast)
                    .toList();
        }
    }
}
