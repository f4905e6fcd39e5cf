package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.TrainingRecipe.CriticLoss.Function;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.CriticScorer.Member;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.PolicySample;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.log.weights.WeightsPublisher;
import io.sppostream.model.CriticModel;
import io.sppostream.model.CriticTrainer;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ScoredTokens;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which version scores, where scoring is apart from training. */
class CriticScorerTest {
    private static final int[] PROMPT = {1, 2, 3};

    private final Topics topics = new Topics("test", 1);
    private final MemoryLog log = new MemoryLog(new Random(1), Clock.systemUTC(), MemoryLog.QUIET);
    private final RunLog runLog = new RunLog(TestEvents.kafka(log), TestEvents.SERDES, topics);
    private final List<CriticModel> versions = List.of(trained(1), trained(2));
    private final CriticModel scoring = critic(9);
    private final ExactlyOnceLog training =
            ExactlyOnceLog.sole(runLog, RoleName.CRITIC, List.of(topics.advantages()), Duration.ZERO);
    private final WeightsPublisher publisher = new WeightsPublisher(
            training, topics, ModelKind.CRITIC, scoring.configJson(), 100_000, null, Clock.systemUTC());

    private static CriticModel critic(long seed) {
        return CriticModel.random(TestModels.CONFIG, seed, ModelSettings.cpu());
    }

    /** A fresh head is zero. */
    private static CriticModel trained(long seed) {
        CriticModel model = critic(seed);
        try (CriticTrainer trainer = new CriticTrainer(model, TestModels.ADAM, TestModels.TRAINING)) {
            trainer.update(List.of(ScoredTokens.ofPrompt(PROMPT)), 0.1, (sequence, outputs) -> new float[] {1});
        }
        return model;
    }

    @AfterEach
    void close() {
        training.close();
        versions.forEach(CriticModel::close);
        scoring.close();
    }

    private void publish(int version) {
        if (version == 0) {
            publisher.publishStart(versions.get(0)::writeWeights);
        } else {
            publisher.publish(version, version - 1, version, versions.get(version)::writeWeights, null);
        }
        training.commit(List.of());
    }

    private <V extends SpecificRecord> void append(Topic<V> topic, String key, V event) {
        log.append(new TopicPartition(topic.name(), 0), key.getBytes(UTF_8), TestEvents.bytes(topic, event));
    }

    private void append(int index, int minCriticVersion) {
        Prompt prompt = Prompt.newBuilder(TestEvents.prompt(index))
                .setMinCriticVersion(minCriticVersion)
                .build();
        append(topics.prompts(), prompt.getRequestId(), prompt);
    }

    private List<Value> values() {
        return log.committed(new TopicPartition(topics.values().name(), 0)).stream()
                .map(record -> TestEvents.event(topics.values(), record.value()))
                .toList();
    }

    private Member member(CriticKind kind) {
        CriticObjective objective = new CriticObjective(kind, Function.BINARY_CROSS_ENTROPY, 0);
        ScoringCritic critic = new ScoringCritic(scoring, messages -> PROMPT, objective);
        return new Member(
                runLog,
                scoring,
                critic,
                discard -> ExactlyOnceLog.sole(
                        runLog,
                        RoleName.CRITIC_SCORER,
                        List.of(CriticValues.input(topics, critic.ofTokens())),
                        Duration.ZERO),
                Clock.systemUTC());
    }

    private void scoreUntil(int values, Member member) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (values().size() < values && System.nanoTime() < deadline) {
            member.scoreNext();
        }
    }

    /** z of the prompt under a version's weights. */
    private float logit(int version) {
        return versions.get(version).logits(List.of(PROMPT))[0];
    }

    @Test
    void shouldScoreWithTheVersionThatThePromptNamesOnceItIsPublished() throws Exception {
        append(1, 0);
        try (Member member = member(CriticKind.PROMPT)) {
            member.scoreNext();
            assertThat(values()).as("before the first version").isEmpty();
            publish(0);
            scoreUntil(1, member);
            append(2, 1);
            for (int i = 0; i < 3; i++) {
                member.scoreNext();
            }
            assertThat(values()).as("before the version that is named").hasSize(1);
            publish(1);
            scoreUntil(2, member);
        }

        assertThat(logit(0)).isNotEqualTo(logit(1));
        assertThat(values())
                .extracting(Value::getRequestId, Value::getCriticVersion, Value::getLogit)
                .containsExactly(
                        tuple(TestEvents.requestId(1), 0, logit(0)), tuple(TestEvents.requestId(2), 1, logit(1)));
    }

    @Test
    void shouldNotWaitForAVersionThatIsNotOnTheLog() throws Exception {
        publish(0);
        append(1, Integer.MAX_VALUE);
        append(2, 1);
        try (Member member = member(CriticKind.PROMPT)) {
            scoreUntil(2, member);
        }

        assertThat(values()).extracting(Value::getCriticVersion).containsExactly(0, 0);
    }

    @Test
    void shouldScoreRolloutsWithTheVersionOfTheirPromptIfTheCriticIsOfTokens() throws Exception {
        publish(0);
        Rollout rollout = Rollout.newBuilder(TestEvents.sample(1, 0, TestEvents.value(1, 0), Instant.EPOCH)
                        .getRollout())
                .setMinCriticVersion(1)
                .build();
        append(topics.rollouts(), rollout.getRequestId(), rollout);
        try (Member member = member(CriticKind.TOKEN)) {
            member.scoreNext();
            assertThat(values()).isEmpty();
            publish(1);
            scoreUntil(1, member);
        }

        ScoredTokens tokens = ScoredTokens.ofResponse(PolicySample.tokens(rollout));
        assertThat(values())
                .extracting(Value::getRolloutId, Value::getCriticVersion, Value::getLogit)
                .containsExactly(
                        tuple(rollout.getRolloutId(), 1, versions.get(1).scores(List.of(tokens))[0][0]));
    }
}
