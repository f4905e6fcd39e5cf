package io.sppostream.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Breaker;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.models.Models;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The policy learner on hand-made samples, in batches of four: which ones expire, when it pauses, and how it resumes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PausedLearnerIT {
    private static final int BATCH = 4;

    private Path directory = Path.of("");

    @Nullable
    private EmbeddedCluster cluster;

    private KafkaSettings kafka = new KafkaSettings("", "", Map.of());

    @BeforeAll
    void startCluster(@TempDir Path temporary) {
        directory = temporary;
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")));
        kafka = cluster.kafka();
    }

    @AfterAll
    void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    /** A run of its own, and its learner. */
    private final class Line implements AutoCloseable {
        private final RunSettings settings;
        private final Topics topics;
        private final Failure failure = new Failure();
        private final EventSerdes serdes = new EventSerdes(kafka);
        private final KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka.producer(), new ByteArraySerializer(), new ByteArraySerializer());
        private PolicyModel model;
        private PolicyLearner learner;

        Line(String run, Map<String, String> flags) {
            Map<String, String> all = new HashMap<>(Map.of(
                    "run",
                    run,
                    "batch.size",
                    "" + BATCH,
                    "breaker.window",
                    "" + BATCH,
                    "partitions",
                    "1",
                    "lag",
                    "1",
                    "data.dir",
                    directory.resolve("models").toString()));
            all.putAll(flags);
            settings = Configuration.load(null, Map.of(), all).settings();
            topics = settings.topics();
            try (TopicAdmin admin = new TopicAdmin(kafka)) {
                serdes.register(topics);
                admin.create(topics, (short) 1);
            }
            model = PolicyModel.load(Models.policy(settings), ModelSettings.cpu());
            learner = learner();
            awaitSize(topics.versions(ModelKind.POLICY), 1);
        }

        private PolicyLearner learner() {
            return new PolicyLearner(
                    new RunLog(kafka, serdes, topics),
                    model,
                    settings.policyLearner(model.config(), ""),
                    Clock.systemUTC(),
                    failure::report);
        }

        void restart() {
            learner.close();
            model.close();
            model = PolicyModel.load(Models.policy(settings), ModelSettings.cpu());
            learner = learner();
        }

        <V extends SpecificRecord> void send(Topic<V> topic, V event) {
            producer.send(new ProducerRecord<>(
                    topic.name(), "r".getBytes(UTF_8), serdes.serializer(topic).serialize(topic.name(), event)));
            producer.flush();
        }

        /** Samples of a policy version, by number. */
        void send(int version, double advantage, int... numbers) {
            for (int number : numbers) {
                send(topics.advantages(), sample("r-" + number, version, advantage));
            }
        }

        <V extends SpecificRecord> List<V> all(Topic<V> topic) {
            try (EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
                return log.pollToEnd().stream()
                        .map(record -> topic.valueType().cast(record.event()))
                        .toList();
            }
        }

        void awaitSteps(int count) {
            awaitSize(topics.trainingSteps(), count);
        }

        void awaitStates(int count) {
            awaitSize(topics.learnerStates(), count);
        }

        void awaitSize(Topic<? extends SpecificRecord> topic, int count) {
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                failure.rethrow();
                assertThat(all(topic)).hasSize(count);
            });
        }

        /** Samples trained, by step. */
        List<List<String>> trained() {
            return all(topics.trainingSteps()).stream()
                    .map(step -> step.getSamples().stream()
                            .map(TrainedSample::getRolloutId)
                            .sorted()
                            .toList())
                    .toList();
        }

        LearnerState lastState() {
            List<LearnerState> states = all(topics.learnerStates());
            return states.get(states.size() - 1);
        }

        @Override
        public void close() {
            learner.close();
            model.close();
            producer.close();
            serdes.close();
        }
    }

    private static TrainingSample sample(String requestId, int version, double advantage) {
        Rollout rollout = Rollout.newBuilder()
                .setRolloutId(requestId + "/0")
                .setRequestId(requestId)
                .setPromptId("p")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "1+2=")))
                .setReference("3")
                .setPromptTokens(List.of(1, 10, 2, 11))
                .setResponseTokens(List.of(3, 12))
                .setText("3")
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f))
                .setPolicySegments(List.of(new PolicySegment(2, version, "00")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
        Verdict verdict = Verdict.newBuilder()
                .setRolloutId(requestId + "/0")
                .setRequestId(requestId)
                .setVerifier("exact")
                .setVerifierVersion("1")
                .setStatus(VerdictStatus.CORRECT)
                .setReward(1.0)
                .setRule("equal")
                .setJudgedAt(Instant.EPOCH)
                .build();
        return TrainingSample.newBuilder()
                .setRollout(rollout)
                .setVerdict(verdict)
                .setReward(1)
                .setEstimator("sppo")
                .setSegments(List.of(new AdvantageSegment(2, advantage, true)))
                .setEstimatedAt(Instant.EPOCH)
                .build();
    }

    private static List<String> ids(int from, int to) {
        return IntStream.rangeClosed(from, to).mapToObj(i -> "r-" + i + "/0").toList();
    }

    @Test
    void shouldLetGoOfSamplesPastTheCap() {
        try (Line line = new Line("stale", Map.of("lag", "1", "breaker.stale.samples", "1"))) {
            line.send(0, 0.5, 10, 11, 12, 13);
            line.awaitSteps(1);
            line.send(0, 0.5, 20, 21, 22, 23);
            line.awaitSteps(2);
            line.send(0, 0.5, 30, 31, 32, 33);
            line.awaitSteps(3);

            // Version 3: samples of version 0 lag by three versions, and the cap is two.
            line.send(0, 0.5, 40);
            line.send(1, 0.5, 41, 42);
            line.send(0, 0.5, 43);
            line.send(3, 0.5, 44, 45);
            line.awaitSteps(4);

            assertThat(line.trained().get(3)).containsExactly("r-41/0", "r-42/0", "r-44/0", "r-45/0");
            assertThat(line.all(line.topics.expired()))
                    .extracting(Expired::getRolloutId, Expired::getReason, Expired::getDecidedBy, Expired::getDetail)
                    .containsExactly(
                            tuple(
                                    "r-40/0",
                                    ExpiryReason.STALE,
                                    "policy-learner",
                                    "lags by 3 policy versions, 2 at most are trained on"),
                            tuple(
                                    "r-43/0",
                                    ExpiryReason.STALE,
                                    "policy-learner",
                                    "lags by 3 policy versions, 2 at most are trained on"));
            assertThat(line.all(line.topics.trainingSteps()).get(3).getMetrics())
                    .containsEntry("policy_lag_max", 2.0)
                    .containsKeys("ratio_mean", "ratio_max", "effective_sample_size", "clip_fraction");

            // Nothing but stale ones: they settle without a step, since the feed waits for that.
            line.send(0, 0.5, 50, 51, 52, 53);
            line.awaitSize(line.topics.expired(), 6);
        }
    }

    @Test
    void shouldPauseOnANumberThatIsNoneAndGoOnWhenTold() {
        try (Line line = new Line("no-number", Map.of())) {
            // A sample whose advantage is not a number is refused. These are numbers, but their gradient is not.
            line.send(0, 3e38, 10, 11, 12, 13);
            line.awaitSteps(1);
            line.awaitStates(1);
            LearnerState pause = line.lastState();
            assertThat(pause.getStatus()).isEqualTo(LearnerStatus.PAUSED);
            assertThat(pause.getBreaker()).isEqualTo(Breaker.NON_FINITE);
            assertThat(pause.getStep()).isEqualTo(1);
            TrainingStep step = line.all(line.topics.trainingSteps()).get(0);
            assertThat(step.getToSha256()).as("no weight has moved").isEqualTo(step.getFromSha256());
            assertThat(Pauses.message(pause, (Expired) null, line.settings))
                    .containsPattern("^learner paused after step 1: loss \\S+, gradient norm (NaN|Infinity)")
                    .contains("; resume with ./sppo resume --run no-number --data-dir ");

            line.send(0, 0.5, 20, 21, 22, 23);
            await().during(Duration.ofSeconds(2))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> line.trained().size() == 1);

            Pauses.end(new RunLog(kafka, line.serdes, line.topics), "test", Clock.systemUTC());
            line.awaitSteps(2);
            assertThat(line.trained().get(1)).isEqualTo(ids(20, 23));
            assertThatThrownBy(() -> Pauses.end(new RunLog(kafka, line.serdes, line.topics), "test", Clock.systemUTC()))
                    .isInstanceOf(UserException.class)
                    .hasMessage("the learner of run 'no-number' is not paused");
        }
    }

    @Test
    void shouldStillBePausedWhenStartedAgain() {
        try (Line line = new Line("restarted", Map.of())) {
            for (int i = 0; i < BATCH; i++) {
                line.send(
                        line.topics.expired(),
                        new Expired(
                                "r-" + i,
                                "r-" + i + "/0",
                                ExpiryReason.INFRA_ERROR,
                                "verdict TIMEOUT",
                                "advantage-stream",
                                Instant.EPOCH,
                                0));
            }
            line.awaitStates(1);
            assertThat(line.lastState().getBreaker()).isEqualTo(Breaker.INFRA_ERRORS);
            assertThat(line.lastState().getReason())
                    .isEqualTo(
                            "verifiers failed or ran out of time on 4 of the last 4 rollouts, more than 0.5 of them");

            assertThat(Pauses.message(line.lastState(), new RunLog(kafka, line.serdes, line.topics), line.settings))
                    .contains("; the last one: verdict TIMEOUT on r-", "; resume with ./sppo resume --run restarted");

            line.restart();
            line.send(0, 0.5, 10, 11, 12, 13);
            await().during(Duration.ofSeconds(3))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> line.trained().isEmpty());

            Pauses.end(new RunLog(kafka, line.serdes, line.topics), "test", Clock.systemUTC());
            line.awaitSteps(1);
            assertThat(line.trained()).containsExactly(ids(10, 13));
        }
    }
}
