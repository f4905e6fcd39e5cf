package io.sppostream.advantage;

import static io.sppostream.advantage.Events.expired;
import static io.sppostream.advantage.Events.input;
import static io.sppostream.advantage.Events.refusal;
import static io.sppostream.advantage.Events.rollout;
import static io.sppostream.advantage.Events.value;
import static io.sppostream.advantage.Events.verdict;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettlementRuleTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final long PATIENCE = JoinDriver.SETTINGS.patience().toMillis();

    private final SettlementRule rule = new SettlementRule(JoinDriver.SETTINGS);
    private final RequestState request = new RequestState("r-1", 1_000);

    /** Adds events to the request; returns the rollouts that the last one completes. */
    private List<String> add(SpecificRecord... events) {
        List<String> completed = List.of();
        for (SpecificRecord event : events) {
            request.add(input(event), null);
            completed = rule.completedBy(input(event), request);
        }
        return completed;
    }

    private List<Expired> expireRequest() {
        return rule.expire(request, NOW);
    }

    @ParameterizedTest
    @ValueSource(strings = {"RCV", "RVC", "CRV", "CVR", "VRC", "VCR"})
    void shouldCompleteARolloutWhenTheLastOfThreeArrives(String order) {
        Map<String, SpecificRecord> events =
                Map.of("R", rollout("r-1", 0, 1), "C", verdict("r-1", 0, true), "V", value("r-1", 0.25));

        for (int i = 0; i < order.length(); i++) {
            assertThat(add(Objects.requireNonNull(events.get(order.substring(i, i + 1)))))
                    .isEqualTo(i < 2 ? List.of() : List.of("r-1/0"));
        }
    }

    @Test
    void shouldCompleteAllThatWaitInOrderWhenTheValueArrives() {
        add(rollout("r-1", 2, 4), verdict("r-1", 2, true), rollout("r-1", 0, 4), verdict("r-1", 0, false));
        add(rollout("r-1", 1, 4), verdict("r-1", 3, true));

        assertThat(add(value("r-1", 0.25))).containsExactly("r-1/0", "r-1/2");
    }

    @Test
    void shouldCompleteWithoutAValueWhenTheRolloutIsNotJudged() {
        assertThat(add(rollout("r-1", 0, 1), verdict("r-1", 0, VerdictStatus.TIMEOUT, null)))
                .containsExactly("r-1/0");
    }

    @Test
    void shouldCompleteNothingWhenARolloutIsRefused() {
        assertThat(add(value("r-1", 0.25), refusal("r-1", 0))).isEmpty();
    }

    @Test
    void shouldWaitForAllVerdictsWhenTheDatasetNeedsThem() {
        Rollout essay = rollout("r-1", 0, 1, "essays");
        assertThat(add(value("r-1", 0.25), essay, verdict("facts", "r-1", 0, VerdictStatus.CORRECT, 1.0)))
                .isEmpty();
        assertThat(add(verdict("style", "r-1", 0, VerdictStatus.CORRECT, 1.0))).containsExactly("r-1/0");
    }

    @Test
    void shouldTrainWithTheEstimatorsAdvantageWhenTheRolloutIsRewarded() {
        add(rollout("r-1", 0, 1), verdict("r-1", 0, true), value("r-1", 0.25));

        assertThat(rule.settle(request, rollout("r-1", 0, 1), NOW))
                .isEqualTo(new Settlement.Trained(new TrainingSample(
                        rollout("r-1", 0, 1),
                        verdict("r-1", 0, true),
                        value("r-1", 0.25),
                        1.0,
                        "sppo",
                        List.of(new AdvantageSegment(3, 0.75, true)),
                        NOW,
                        "first",
                        List.of(),
                        1)));
    }

    @ParameterizedTest
    @CsvSource({
        "INFRA_ERROR, INFRA_ERROR, false",
        "TIMEOUT, INFRA_ERROR, false",
        "NO_ANSWER, NOT_JUDGED, false",
        "UNPARSEABLE_REFERENCE, NOT_JUDGED, true"
    })
    void shouldExpireWithTheReasonOfTheVerdictWhenItHasNoReward(
            VerdictStatus status, ExpiryReason reason, boolean deadLetter) {
        add(rollout("r-1", 0, 1), verdict("r-1", 0, status, null), value("r-1", 0.25));

        assertThat(rule.settle(request, rollout("r-1", 0, 1), NOW))
                .isEqualTo(new Settlement.NotTrained(
                        new Expired(
                                "r-1",
                                "r-1/0",
                                reason,
                                "verdict " + status + " of exact: equal",
                                "advantage-stream",
                                NOW),
                        deadLetter));
    }

    @Test
    void shouldRefuseToSettleARolloutWhenItIsNotComplete() {
        add(rollout("r-1", 0, 1), value("r-1", 0.25));

        assertThatThrownBy(() -> rule.settle(request, rollout("r-1", 0, 1), NOW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("r-1/0 is not complete");
    }

    @Test
    void shouldIgnoreWhatHasNoEffectWhenItArrives() {
        Verdict shadow = verdict("exact", "r-1", 0, VerdictStatus.CORRECT, 1.0, true);
        Expired own = expired("r-1", "r-1/0", "advantage-stream");
        Expired ownWhole = expired("r-1", null, "advantage-stream");
        Expired whole = expired("r-1", null, "rollout-producer");

        assertThat(List.of(shadow, verdict("stranger", "r-1", 0, VerdictStatus.CORRECT, 1.0), own, ownWhole))
                .noneMatch(event -> rule.isRelevant(input(event)));
        assertThat(List.of(rollout("r-1", 0, 1), verdict("r-1", 0, true), value("r-1", 0.25), refusal("r-1", 0), whole))
                .allMatch(event -> rule.isRelevant(input(event)));
    }

    @Test
    void shouldBeOverdueWhenThePatienceHasPassedSinceTheLastProgress() {
        assertThat(rule.overdueAt(request, 0)).isEqualTo(1_000 + PATIENCE);

        request.progress(2_000);
        assertThat(rule.overdueAt(request, 0)).isEqualTo(2_000 + PATIENCE);
    }

    @Test
    void shouldWaitAgainWhenTheJoinHasBeenRestarted() {
        assertThat(rule.overdueAt(request, 5_000)).isEqualTo(5_000 + PATIENCE);
    }

    @Test
    void shouldExpireTheRequestWhenNoRolloutArrived() {
        add(value("r-1", 0.25), verdict("r-1", 0, true));

        assertThat(expireRequest())
                .containsExactly(new Expired(
                        "r-1", null, ExpiryReason.NO_ROLLOUT_IN_TIME, "nothing new for 60 s", "advantage-stream", NOW));
    }

    @Test
    void shouldExpireNothingWhenOnlyVerdictsArrived() {
        add(verdict("r-1", 0, true));
        assertThat(rule.isInconsequential(request)).isTrue();
        assertThat(expireRequest()).isEmpty();
    }

    @Test
    void shouldExpireNothingWhenTheRequestOfALateValueMayBeForgotten() {
        Instant releasedAt = Instant.ofEpochMilli(500);
        add(value("r-1", 0.25, releasedAt), verdict("r-1", 0, true));
        long forgottenAt = 500 + JoinDriver.SETTINGS.remember().toMillis();

        request.progress(forgottenAt - 1);
        assertThat(rule.isInconsequential(request)).isFalse();
        assertThat(expireRequest()).hasSize(1);

        request.progress(forgottenAt);
        assertThat(rule.isInconsequential(request)).isTrue();
        assertThat(expireRequest()).isEmpty();
    }

    @Test
    void shouldExpireNothingWhenAValueDoesNotSayWhenItsPromptWasReleased() {
        add(value("r-1", 0.25, null));
        assertThat(rule.isInconsequential(request)).isTrue();
        assertThat(expireRequest()).isEmpty();
    }

    @Test
    void shouldCompleteNothingWhenTheValueArrivesAfterAnotherRoleHasExpiredTheRollout() {
        add(rollout("r-1", 0, 2), verdict("r-1", 0, true), rollout("r-1", 1, 2), verdict("r-1", 1, true));
        add(expired("r-1", "r-1/0", "a-service"));

        assertThat(add(value("r-1", 0.25))).containsExactly("r-1/1");
    }

    @Test
    void shouldNameWhatIsMissingWhenRolloutsExpire() {
        add(rollout("r-1", 0, 4), rollout("r-1", 1, 4), verdict("r-1", 1, true));
        add(refusal("r-1", 2), verdict("r-1", 3, true));

        assertThat(expireRequest())
                .extracting(Expired::getRolloutId, Expired::getReason)
                .containsExactly(
                        tuple("r-1/0", ExpiryReason.NO_VERDICT_IN_TIME),
                        tuple("r-1/1", ExpiryReason.NO_VALUE_IN_TIME),
                        tuple("r-1/3", ExpiryReason.NO_ROLLOUT_IN_TIME));
    }

    @Test
    void shouldExpireNothingAndRememberItWhenAllThatIsKnownHasBeenRefused() {
        add(refusal("r-1", 0), value("r-1", 0.25));
        assertThat(expireRequest()).isEmpty();
        assertThat(rule.overdueAt(request, 0))
                .isEqualTo(1_000 + JoinDriver.SETTINGS.remember().toMillis());
    }
}
