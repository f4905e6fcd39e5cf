package io.sppostream.history.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.advantage.JoinSettings;
import io.sppostream.advantage.RewardRules;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.builtin.GrpoEstimator;
import io.sppostream.estimator.builtin.RestEmEstimator;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.log.EventCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Groups of two rollouts of two tokens, r/0 and r/1. */
class GroupAuditTest {
    private static final AdvantageEstimator GRPO = new GrpoEstimator(2, true, false, 0.9);
    private static final AdvantageEstimator RESTEM = new RestEmEstimator(2, 10, 1);

    /** {@code (1 - 0.5) / (sqrt(0.5) + 1e-6)}. */
    private static final double ABOVE = 0.5 / (Math.sqrt(0.5) + 1e-6);

    private final Map<String, RolloutStatus> group = new TreeMap<>();

    private static Rollout rollout(String id) {
        return Rollout.newBuilder()
                .setRolloutId(id)
                .setRequestId("r")
                .setPromptId("p")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "1+1=")))
                .setReference("2")
                .setSampleIndex(id.charAt(2) - '0')
                .setSamples(2)
                .setPromptTokens(List.of(1, 10, 1, 11))
                .setResponseTokens(List.of(2, 12))
                .setText("2")
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f))
                .setPolicySegments(List.of(new PolicySegment(2, 0, "policy-0")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    private static Verdict verdict(String id, double reward) {
        return Verdict.newBuilder(SmallLog.verdict("r"))
                .setRolloutId(id)
                .setReward(reward)
                .build();
    }

    private static <V extends SpecificRecord> EncodedEvent encoded(V event, Class<V> type) {
        byte[] bytes = new EventCodec<>(type).write(event);
        return new EncodedEvent("topic", 0, 0, new EncodedRecord(event.getSchema(), bytes, 0), false);
    }

    private static GroupAudit audit(AdvantageEstimator estimator) {
        return new GroupAudit(new JoinSettings(
                estimator, true, RewardRules.by("exact"), Duration.ofSeconds(1), Duration.ofSeconds(1)));
    }

    private RolloutStatus judged(GroupAudit audit, String id, double reward) {
        RolloutStatus status = group.computeIfAbsent(id, RolloutStatus::new);
        status.take(new Fact.Answered(id, 0));
        status.take(audit.rollout(encoded(rollout(id), Rollout.class)));
        status.take(GroupAudit.verdict(encoded(verdict(id, reward), Verdict.class)));
        return status;
    }

    private void credited(GroupAudit audit, String id, double reward, double advantage) {
        judged(audit, id, reward)
                .take(audit.sample(new TrainingSample(
                        rollout(id),
                        verdict(id, reward),
                        null,
                        reward,
                        "grpo",
                        List.of(new AdvantageSegment(2, advantage, true)),
                        Instant.EPOCH,
                        "first",
                        List.of(),
                        2,
                        List.of())));
    }

    private List<String> violations(GroupAudit audit) {
        return audit.check("r", List.copyOf(group.values())).stream()
                .map(violation -> violation.rollout().rolloutId + " " + violation.what())
                .toList();
    }

    @Test
    void shouldComputeAGroupAgainToTheBit() {
        GroupAudit audit = audit(GRPO);
        credited(audit, "r/0", 1, ABOVE);
        credited(audit, "r/1", 0, -ABOVE);

        assertThat(violations(audit)).isEmpty();
        assertThat(audit.recomputed()).isEqualTo(1);

        group.remove("r/1");
        credited(audit, "r/1", 0, Math.nextUp(-ABOVE));
        assertThat(violations(audit))
                .containsExactly("r/1 its advantages are not those that grpo computes for its group");
    }

    @Test
    void shouldKnowTheRewardOfEvidenceByItsVerdicts() {
        GroupAudit audit = audit(GRPO);
        credited(audit, "r/0", 1, ABOVE);
        judged(audit, "r/1", 0).take(new Fact.RolloutEvidence("r/1"));

        assertThat(violations(audit)).containsExactly("r/1 it expired as evidence, and grpo credits it in its group");
    }

    @Test
    void shouldSayWhichEstimatorTheAdvantagesAreOf() {
        GroupAudit audit = audit(RESTEM);
        credited(audit, "r/0", 1, 1);
        judged(audit, "r/1", 0).take(new Fact.RolloutEvidence("r/1"));

        assertThat(violations(audit))
                .containsExactly("r/0 its advantages are those of 'grpo', and the run has 'restem'");
    }

    @Test
    void shouldLeaveOutWhatExpiredForAnotherReason() {
        GroupAudit audit = audit(GRPO);
        credited(audit, "r/0", 1, 1 / (1 + 1e-6));
        judged(audit, "r/1", 0).take(new Fact.RolloutExpired("r/1"));

        assertThat(violations(audit))
                .hasSize(1)
                .first()
                .asString()
                .contains("its group has 2 samples, and grpo credits 1");
    }

    @Test
    void shouldNotJudgeAGroupThatIsOpenOrWasRefused() {
        GroupAudit audit = audit(GRPO);
        credited(audit, "r/0", 1, 42);
        RolloutStatus open = judged(audit, "r/1", 0);
        assertThat(violations(audit)).isEmpty();

        open.take(new Fact.RolloutRefused("r/1"));
        open.take(new Fact.RolloutExpired("r/1"));
        assertThat(violations(audit)).isEmpty();
        assertThat(audit.recomputed()).isZero();
    }
}
