package io.sppostream.advantage;

import static io.sppostream.advantage.Events.expired;
import static io.sppostream.advantage.Events.input;
import static io.sppostream.advantage.Events.refusal;
import static io.sppostream.advantage.Events.rollout;
import static io.sppostream.advantage.Events.tokenValues;
import static io.sppostream.advantage.Events.value;
import static io.sppostream.advantage.Events.verdict;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.builtin.GrpoEstimator;
import io.sppostream.estimator.builtin.PpoEstimator;
import io.sppostream.estimator.builtin.RestEmEstimator;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
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

    private final Map<String, Rollout> rollouts = new HashMap<>();

    /** Adds events to the request, and settles as the join does; returns what the last one settles. */
    private List<Settlement> add(SpecificRecord... events) {
        return add(rule, events);
    }

    private List<Settlement> add(SettlementRule by, SpecificRecord... events) {
        List<Settlement> settled = new ArrayList<>();
        for (SpecificRecord event : events) {
            settled.clear();
            JoinInput input = input(event);
            if (event instanceof Rollout rollout) {
                rollouts.put(rollout.getRolloutId(), rollout);
            }
            request.add(input, null);
            Settlement notJudged = by.notJudged(input, request, NOW);
            if (notJudged != null) {
                settled.add(notJudged);
                request.settle(notJudged.rolloutId());
            }
            if (by.isReady(request)) {
                settled.addAll(by.settle(request, rollouts::get, NOW));
                settled.forEach(each -> request.settle(each.rolloutId()));
            }
        }
        return settled;
    }

    /** Ids of the rollouts that the last event settles. */
    private List<String> settledBy(SpecificRecord... events) {
        return add(events).stream().map(Settlement::rolloutId).toList();
    }

    private List<Expired> expireRequest() {
        Expired whole = rule.expire(request, NOW);
        return Stream.concat(
                        Stream.ofNullable(whole),
                        rule.settleOverdue(request, rollouts::get, NOW).stream()
                                .map(each -> ((Settlement.NotTrained) each).expired()))
                .toList();
    }

    private static SettlementRule grpo(boolean partial) {
        JoinSettings settings = JoinDriver.SETTINGS;
        return new SettlementRule(new JoinSettings(
                new GrpoEstimator(4, true, false, 0.9),
                partial,
                settings.rewards(),
                settings.patience(),
                settings.remember()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"RCV", "RVC", "CRV", "CVR", "VRC", "VCR"})
    void shouldCompleteARolloutWhenTheLastOfThreeArrives(String order) {
        Map<String, SpecificRecord> events =
                Map.of("R", rollout("r-1", 0, 1), "C", verdict("r-1", 0, true), "V", value("r-1", 0.25));

        for (int i = 0; i < order.length(); i++) {
            assertThat(settledBy(Objects.requireNonNull(events.get(order.substring(i, i + 1)))))
                    .isEqualTo(i < 2 ? List.of() : List.of("r-1/0"));
        }
    }

    @Test
    void shouldSettleTheGroupAsAWholeWhenItsLastRewardArrives() {
        add(rollout("r-1", 2, 3), verdict("r-1", 2, true), rollout("r-1", 0, 3), verdict("r-1", 0, false));
        assertThat(settledBy(value("r-1", 0.25), rollout("r-1", 1, 3))).isEmpty();

        assertThat(settledBy(verdict("r-1", 1, true))).containsExactly("r-1/0", "r-1/1", "r-1/2");
    }

    @Test
    void shouldNotWaitForAValueThatTheEstimatorDoesNotRead() {
        SettlementRule rule = grpo(true);
        assertThat(rule.isRelevant(input(value("r-1", 0.25)))).isFalse();
        for (int sample = 0; sample < 3; sample++) {
            assertThat(add(rule, rollout("r-1", sample, 4), verdict("r-1", sample, sample == 0)))
                    .isEmpty();
        }

        assertThat(add(rule, verdict("r-1", 3, false), rollout("r-1", 3, 4)))
                .hasSize(4)
                .allSatisfy(each -> {
                    TrainingSample sample = ((Settlement.Trained) each).sample();
                    assertThat(sample.getEstimator()).isEqualTo("grpo");
                    assertThat(sample.getValue()).isNull();
                    assertThat(sample.getGroupSamples()).isEqualTo(4);
                    assertThat(sample.getSegments().get(0).getAdvantage())
                            .isEqualTo((sample.getReward() - 0.25) / (0.5 + 1e-6));
                });
    }

    private static SettlementRule ppo() {
        JoinSettings settings = JoinDriver.SETTINGS;
        return new SettlementRule(new JoinSettings(
                new PpoEstimator(2, 1, 1, PpoEstimator.ValueLoss.MSE, 0.5, 0),
                true,
                settings.rewards(),
                settings.patience(),
                settings.remember()));
    }

    @Test
    void shouldWaitForTheValuesOfEachRolloutWhenTheCriticIsOfTokens() {
        SettlementRule rule = ppo();
        assertThat(rule.isRelevant(input(value("r-1", 0.25)))).isFalse();
        Value first = tokenValues("r-1", 0, 0.5f, 0.25f, 0.75f);
        assertThat(this.rule.isRelevant(input(first))).isFalse();
        assertThat(add(rule, first, rollout("r-1", 0, 2), verdict("r-1", 0, true), rollout("r-1", 1, 2)))
                .isEmpty();
        assertThat(add(rule, verdict("r-1", 1, false))).isEmpty();

        assertThat(add(rule, tokenValues("r-1", 1, 0.5f, 0.5f, 0.125f)))
                .extracting(each -> ((Settlement.Trained) each).sample())
                .satisfiesExactly(
                        sample -> {
                            assertThat(sample.getValue()).isEqualTo(first);
                            assertThat(sample.getSegments())
                                    .containsExactly(
                                            new AdvantageSegment(1, 0.5, true),
                                            new AdvantageSegment(2, 0.75, true),
                                            new AdvantageSegment(3, 0.25, true));
                        },
                        // Equal neighbours are one segment.
                        sample -> assertThat(sample.getSegments())
                                .containsExactly(
                                        new AdvantageSegment(2, -0.5, true), new AdvantageSegment(3, -0.125, true)));
    }

    @Test
    void shouldCreditTheOthersWhenValuesOfOneAreOverdue() {
        SettlementRule rule = ppo();
        add(rule, rollout("r-1", 0, 2), verdict("r-1", 0, true), rollout("r-1", 1, 2), verdict("r-1", 1, true));
        add(rule, tokenValues("r-1", 1, 0.5f, 0.5f, 0.5f));

        assertThat(rule.settleOverdue(request, rollouts::get, NOW))
                .satisfiesExactly(
                        each -> assertThat(
                                        ((Settlement.NotTrained) each).expired().getReason())
                                .isEqualTo(ExpiryReason.NO_VALUE_IN_TIME),
                        each -> assertThat(each.rolloutId()).isEqualTo("r-1/1"));
    }

    @Test
    void shouldExpireARolloutWhoseValuesAreNotThoseOfItsTokens() {
        SettlementRule rule = ppo();
        add(rule, rollout("r-1", 0, 1), verdict("r-1", 0, true));

        assertThat(add(rule, tokenValues("r-1", 0, 0.5f, 0.5f)))
                .extracting(each -> ((Settlement.NotTrained) each).expired())
                .extracting(Expired::getReason, Expired::getDetail)
                .containsExactly(tuple(ExpiryReason.INVALID_ROLLOUT, "ppo: rollout r-1/0 has 2 values for 3 tokens"));
    }

    @Test
    void shouldCreditTheOthersWhenOneIsNotJudgedAndPartialGroupsAreCredited() {
        SettlementRule rule = grpo(true);
        for (int sample = 0; sample < 3; sample++) {
            add(rule, rollout("r-1", sample, 4), verdict("r-1", sample, sample == 0));
        }

        assertThat(add(rule, rollout("r-1", 3, 4), verdict("r-1", 3, VerdictStatus.TIMEOUT, null)))
                .hasSize(4)
                .filteredOn(each ->
                        each instanceof Settlement.Trained of && of.sample().getGroupSamples() == 3)
                .hasSize(3);
    }

    @Test
    void shouldExpireTheGroupWithWhatIsMissingWhenPartialGroupsAreNotCredited() {
        SettlementRule rule = grpo(false);
        for (int sample = 0; sample < 3; sample++) {
            add(rule, rollout("r-1", sample, 4), verdict("r-1", sample, sample == 0));
        }

        assertThat(add(rule, rollout("r-1", 3, 4), verdict("r-1", 3, VerdictStatus.TIMEOUT, null)))
                .extracting(each -> ((Settlement.NotTrained) each).expired())
                .extracting(Expired::getRolloutId, Expired::getReason, Expired::getDetail)
                .containsExactly(
                        tuple("r-1/3", ExpiryReason.INFRA_ERROR, "verdict TIMEOUT of exact: equal"),
                        tuple("r-1/0", ExpiryReason.NOT_JUDGED, "1 of the 4 rollouts of the group have no reward"),
                        tuple("r-1/1", ExpiryReason.NOT_JUDGED, "1 of the 4 rollouts of the group have no reward"),
                        tuple("r-1/2", ExpiryReason.NOT_JUDGED, "1 of the 4 rollouts of the group have no reward"));
    }

    @Test
    void shouldExpireAGroupThatIsTooSmallForTheEstimator() {
        assertThat(add(grpo(true), rollout("r-1", 0, 1), verdict("r-1", 0, true)))
                .extracting(each -> ((Settlement.NotTrained) each).expired().getDetail())
                .containsExactly("the group has 1 of the 4 rollouts that grpo asks for");
    }

    @Test
    void shouldExpireJudgedRolloutsAsEvidenceWhenTheyGetNoCredit() {
        SettlementRule rule = new SettlementRule(new JoinSettings(
                new RestEmEstimator(2, 10, 1),
                true,
                JoinDriver.SETTINGS.rewards(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(5)));
        add(rule, rollout("r-1", 0, 2), verdict("r-1", 0, true), rollout("r-1", 1, 2));

        assertThat(add(rule, verdict("r-1", 1, false)))
                .satisfiesExactly(
                        first -> assertThat(
                                        ((Settlement.Trained) first).sample().getGroupSamples())
                                .isEqualTo(1),
                        second -> assertThat(((Settlement.NotTrained) second).expired())
                                .extracting(Expired::getRolloutId, Expired::getReason)
                                .containsExactly("r-1/1", ExpiryReason.EVIDENCE));
    }

    @Test
    void shouldExpireTheGroupWithTheMessageWhenTheEstimatorFails() {
        AdvantageEstimator failing = new AdvantageEstimator() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public Needs needs() {
                return Needs.samples(1);
            }

            @Override
            public TrainingRecipe recipe() {
                return TrainingRecipe.policyGradient();
            }

            @Override
            public List<Credit> credit(Group group) {
                throw new MissingInputException("no luck");
            }
        };
        JoinSettings settings = JoinDriver.SETTINGS;
        SettlementRule rule = new SettlementRule(
                new JoinSettings(failing, true, settings.rewards(), settings.patience(), settings.remember()));

        assertThat(add(rule, rollout("r-1", 0, 1), verdict("r-1", 0, true)))
                .extracting(each -> ((Settlement.NotTrained) each).expired())
                .extracting(Expired::getReason, Expired::getDetail)
                .containsExactly(tuple(ExpiryReason.INVALID_ROLLOUT, "failing: no luck"));
    }

    @Test
    void shouldCompleteWithoutAValueWhenTheRolloutIsNotJudged() {
        assertThat(settledBy(rollout("r-1", 0, 1), verdict("r-1", 0, VerdictStatus.TIMEOUT, null)))
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
        assertThat(settledBy(verdict("style", "r-1", 0, VerdictStatus.CORRECT, 1.0)))
                .containsExactly("r-1/0");
    }

    @Test
    void shouldTrainWithTheEstimatorsAdvantageWhenTheRolloutIsRewarded() {
        assertThat(add(rollout("r-1", 0, 1), verdict("r-1", 0, true), value("r-1", 0.25)))
                .containsExactly(new Settlement.Trained(new TrainingSample(
                        rollout("r-1", 0, 1),
                        verdict("r-1", 0, true),
                        value("r-1", 0.25),
                        1.0,
                        "sppo",
                        List.of(new AdvantageSegment(3, 0.75, true)),
                        NOW,
                        "first",
                        List.of(),
                        1,
                        List.of())));
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
        assertThat(add(value("r-1", 0.25), rollout("r-1", 0, 1), verdict("r-1", 0, status, null)))
                .containsExactly(new Settlement.NotTrained(
                        new Expired(
                                "r-1",
                                "r-1/0",
                                reason,
                                "verdict " + status + " of exact: equal",
                                "advantage-stream",
                                NOW,
                                0),
                        deadLetter));
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
                        "r-1",
                        null,
                        ExpiryReason.NO_ROLLOUT_IN_TIME,
                        "nothing new for 60 s",
                        "advantage-stream",
                        NOW,
                        0));
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

        assertThat(settledBy(value("r-1", 0.25))).containsExactly("r-1/1");
    }

    @Test
    void shouldNameWhatIsMissingWhenRolloutsExpire() {
        add(rollout("r-1", 0, 4), rollout("r-1", 1, 4), verdict("r-1", 1, true));
        add(refusal("r-1", 2), verdict("r-1", 3, true));

        assertThat(expireRequest())
                .extracting(Expired::getRolloutId, Expired::getReason)
                .containsExactly(
                        tuple("r-1/0", ExpiryReason.NO_VERDICT_IN_TIME),
                        tuple("r-1/3", ExpiryReason.NO_ROLLOUT_IN_TIME),
                        tuple("r-1/1", ExpiryReason.NO_VALUE_IN_TIME));
    }

    @Test
    void shouldExpireNothingAndRememberItWhenAllThatIsKnownHasBeenRefused() {
        add(refusal("r-1", 0), value("r-1", 0.25));
        assertThat(expireRequest()).isEmpty();
        assertThat(rule.overdueAt(request, 0))
                .isEqualTo(1_000 + JoinDriver.SETTINGS.remember().toMillis());
    }
}
