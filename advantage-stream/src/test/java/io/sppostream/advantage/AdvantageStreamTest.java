package io.sppostream.advantage;

import static io.sppostream.advantage.Events.expired;
import static io.sppostream.advantage.Events.refusal;
import static io.sppostream.advantage.Events.rollout;
import static io.sppostream.advantage.Events.value;
import static io.sppostream.advantage.Events.verdict;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdvantageStreamTest {
    /** Longer than the join's patience. */
    private static final Duration LATE = JoinDriver.SETTINGS.patience().plusSeconds(1);

    /** Two of them are longer than the join's patience. */
    private static final Duration SOON =
            JoinDriver.SETTINGS.patience().dividedBy(2).plusSeconds(1);

    @TempDir
    Path stateDirectory;

    private JoinDriver driver;

    @BeforeEach
    void start() {
        driver = new JoinDriver(stateDirectory);
    }

    @AfterEach
    void stop() {
        driver.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RCV", "RVC", "CRV", "CVR", "VRC", "VCR"})
    void shouldEmitOneSampleWhenAllThreeArriveInAnyOrder(String order) {
        Map<String, SpecificRecord> events =
                Map.of("R", rollout("r-1", 0, 1), "C", verdict("r-1", 0, true), "V", value("r-1", 0.25));

        for (int i = 0; i < order.length(); i++) {
            assertThat(driver.advantages()).isEmpty();
            driver.send(Objects.requireNonNull(events.get(order.substring(i, i + 1))));
        }

        assertThat(driver.advantages())
                .containsExactly(KeyValue.pair(
                        "r-1",
                        new TrainingSample(
                                rollout("r-1", 0, 1),
                                verdict("r-1", 0, true),
                                value("r-1", 0.25),
                                1.0,
                                "sppo",
                                List.of(new AdvantageSegment(3, 0.75, true)),
                                JoinDriver.START,
                                "first",
                                List.of(),
                                1,
                                List.of())));
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RRCV", "CRCV", "RVCC", "CVRV", "VCVR", "RCVR", "RCVC", "RCVV", "VRCRCV"})
    void shouldDropDuplicatesWhenTheyArriveBeforeOrAfterSettling(String order) {
        Map<String, SpecificRecord> events =
                Map.of("R", rollout("r-1", 0, 1), "C", verdict("r-1", 0, false), "V", value("r-1", 0.25));

        for (int i = 0; i < order.length(); i++) {
            driver.send(Objects.requireNonNull(events.get(order.substring(i, i + 1))));
        }
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(-0.25);
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.droppedRecords()).isEqualTo(order.length() - 3);
    }

    @Test
    void shouldKeepTheFirstWhenADuplicateSaysSomethingElse() {
        driver.send(verdict("r-1", 0, true), verdict("r-1", 0, false));
        driver.send(value("r-1", 0.25), value("r-1", 0.75));
        driver.send(rollout("r-1", 0, 1));

        assertThat(advantages()).containsExactly(0.75);
    }

    @Test
    void shouldExpireWithItsReasonWhenTheVerdictIsMissing() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25));
        driver.advance(LATE);

        assertExpired("r-1", "r-1/0", ExpiryReason.NO_VERDICT_IN_TIME);
    }

    @Test
    void shouldExpireWithItsReasonWhenTheValueIsMissing() {
        driver.send(rollout("r-1", 0, 1), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertExpired("r-1", "r-1/0", ExpiryReason.NO_VALUE_IN_TIME);
    }

    @Test
    void shouldNameTheVerdictFirstWhenBothAreMissing() {
        driver.send(rollout("r-1", 0, 1));
        driver.advance(LATE);

        assertExpired("r-1", "r-1/0", ExpiryReason.NO_VERDICT_IN_TIME);
    }

    @Test
    void shouldExpireTheRequestWhenAValueNeverGetsARollout() {
        driver.send(value("r-1", 0.25));
        driver.advance(LATE);

        assertExpired("r-1", null, ExpiryReason.NO_ROLLOUT_IN_TIME);
    }

    @Test
    void shouldExpireTheRequestOnceWhenAValueAndAVerdictNeverGetARollout() {
        driver.send(value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertExpired("r-1", null, ExpiryReason.NO_ROLLOUT_IN_TIME);
    }

    @Test
    void shouldDropLateRecordsWhenTheirRolloutHasExpired() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25));
        driver.advance(LATE);
        assertExpired("r-1", "r-1/0", ExpiryReason.NO_VERDICT_IN_TIME);

        driver.send(verdict("r-1", 0, true), rollout("r-1", 0, 1), value("r-1", 0.25));
        driver.advance(LATE);

        assertThat(driver.advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.droppedRecords()).isEqualTo(3);
    }

    @Test
    void shouldRestartThePatienceWhenSomethingNewArrives() {
        driver.send(value("r-1", 0.25));
        driver.advance(SOON);
        driver.send(rollout("r-1", 0, 1));
        driver.advance(SOON);
        assertThat(driver.expired()).isEmpty();

        driver.send(verdict("r-1", 0, true));

        assertThat(advantages()).containsExactly(0.75);
    }

    @Test
    void shouldNotRestartThePatienceWhenADuplicateArrives() {
        driver.send(rollout("r-1", 0, 1));
        driver.advance(SOON);
        driver.send(rollout("r-1", 0, 1));
        driver.advance(SOON);

        assertExpired("r-1", "r-1/0", ExpiryReason.NO_VERDICT_IN_TIME);
    }

    @Test
    void shouldExpireOnlyWhatWaitedTooLongWhenOthersAreYounger() {
        driver.send(rollout("r-1", 0, 1), rollout("r-2", 0, 1));
        driver.advance(SOON);
        driver.send(rollout("r-3", 0, 1), verdict("r-1", 0, true));
        driver.advance(SOON);

        assertExpired("r-2", "r-2/0", ExpiryReason.NO_VERDICT_IN_TIME);
    }

    @ParameterizedTest
    @CsvSource({"INFRA_ERROR, INFRA_ERROR", "TIMEOUT, INFRA_ERROR", "UNPARSEABLE_REFERENCE, NOT_JUDGED"})
    void shouldExpireAtOnceWhenTheVerdictDidNotJudge(VerdictStatus status, ExpiryReason reason) {
        driver.send(rollout("r-1", 0, 1), verdict("r-1", 0, status, null));

        assertThat(driver.expired())
                .containsExactly(new Expired(
                        "r-1",
                        "r-1/0",
                        reason,
                        "verdict " + status + " of exact: equal",
                        "advantage-stream",
                        JoinDriver.START,
                        0));
        driver.send(value("r-1", 0.25));
        driver.advance(LATE);
        assertThat(driver.advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldSendTheRolloutToTheDlqWhenItsReferenceCannotBeRead() {
        driver.send(rollout("r-1", 0, 1), verdict("r-1", 0, VerdictStatus.UNPARSEABLE_REFERENCE, null));
        driver.send(rollout("r-2", 0, 1), verdict("r-2", 0, VerdictStatus.INFRA_ERROR, null));

        assertThat(driver.expired()).hasSize(2);
        assertThat(driver.deadLetters(JoinDriver.TOPICS.rollouts()))
                .singleElement()
                .satisfies(letter -> {
                    assertThat(letter.key()).isEqualTo("r-1");
                    assertThat(letter.value()).isEqualTo(driver.bytes(rollout("r-1", 0, 1)));
                    assertThat(header(letter, "sppo.topic")).isEqualTo("test.rollouts.v1");
                    assertThat(header(letter, "sppo.partition")).isEqualTo("0");
                    assertThat(header(letter, "sppo.offset")).isEqualTo("0");
                    assertThat(header(letter, "sppo.role")).isEqualTo("advantage-stream");
                    assertThat(header(letter, "sppo.error")).isEqualTo("verdict UNPARSEABLE_REFERENCE of exact: equal");
                });
    }

    @Test
    void shouldIgnoreVerdictsWhenTheyAreOfAShadowOrAStranger() {
        Verdict shadow = verdict("exact", "r-1", 0, VerdictStatus.INCORRECT, 0.0, true);
        driver.send(rollout("r-1", 0, 1), shadow, value("r-1", 0.25));
        driver.send(verdict("stranger", "r-1", 0, VerdictStatus.INCORRECT, 0.0));
        driver.send(verdict("stranger", "r-2", 0, VerdictStatus.INCORRECT, 0.0));
        assertThat(driver.advantages()).isEmpty();

        driver.send(verdict("r-1", 0, true), shadow);
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.droppedRecords()).isZero();
    }

    @Test
    void shouldWaitForVerdictsWhenTheRuleOfTheDatasetNeedsThem() {
        Rollout essay = rollout("r-1", 0, 1, "essays");
        Verdict facts = verdict("facts", "r-1", 0, VerdictStatus.CORRECT, 1.0);
        Verdict style = verdict("style", "r-1", 0, VerdictStatus.INCORRECT, 0.5);
        driver.send(facts, facts, value("r-1", 0.25), essay);
        assertThat(driver.advantages()).isEmpty();

        driver.send(style);

        assertThat(driver.advantages()).singleElement().satisfies(sample -> {
            assertThat(sample.value.getReward()).isEqualTo(0.5);
            assertThat(sample.value.getCombination()).isEqualTo("all");
            assertThat(sample.value.getVerdict()).isEqualTo(style);
            assertThat(sample.value.getFurtherVerdicts()).containsExactly(facts);
        });
        assertThat(driver.droppedRecords()).isEqualTo(1);
    }

    @Test
    void shouldNotWaitForVerdictsWhenTheyCanChangeNothing() {
        Rollout essay = rollout("r-1", 0, 1, "essays");

        driver.send(essay, value("r-1", 0.25), verdict("facts", "r-1", 0, VerdictStatus.INCORRECT, 0.0));
        assertThat(advantages()).containsExactly(-0.25);

        driver.send(verdict("style", "r-1", 0, VerdictStatus.CORRECT, 1.0));
        driver.advance(LATE);
        assertThat(driver.advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldTrainOnPartialRewardsWhenAVerifierGivesThem() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, VerdictStatus.INCORRECT, 0.5));

        assertThat(advantages()).containsExactly(0.25);
    }

    @Test
    void shouldSettleTheGroupAsAWholeWhenARequestWantsSeveral() {
        driver.send(rollout("r-1", 0, 3), verdict("r-1", 0, true), rollout("r-1", 2, 3), value("r-1", 0.25));
        driver.send(verdict("r-1", 2, false));
        assertThat(advantages()).isEmpty();

        driver.send(verdict("r-1", 1, VerdictStatus.TIMEOUT, null), rollout("r-1", 1, 3));
        assertExpired("r-1", "r-1/1", ExpiryReason.INFRA_ERROR);
        assertThat(driver.advantages())
                .extracting(sample -> sample.value.getSegments().get(0).getAdvantage())
                .containsExactly(0.75, -0.25);
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();

        driver.send(rollout("r-1", 0, 3), verdict("r-1", 2, true), value("r-1", 0.5));
        driver.advance(LATE);
        assertThat(driver.advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.droppedRecords()).isEqualTo(3);
    }

    @Test
    void shouldSettleTheGroupWhenItsLastRolloutIsInvalidOrExpiresElsewhere() {
        driver.send(rollout("r-1", 0, 3), verdict("r-1", 0, true), value("r-1", 0.25), expired("r-1", "r-1/1", "a"));
        assertThat(advantages()).isEmpty();
        driver.send(invalidRollout("r-1", 2, 3));
        assertThat(driver.advantages())
                .singleElement()
                .satisfies(sample -> assertThat(sample.value.getGroupSamples()).isEqualTo(1));
    }

    @Test
    void shouldExpireTheSamplesThatNeverCameWhenOthersOfTheRequestDid() {
        driver.send(value("r-1", 0.25), rollout("r-1", 1, 3), verdict("r-1", 1, true), rollout("r-1", 2, 3));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired())
                .extracting(Expired::getRolloutId, Expired::getReason)
                .containsExactly(
                        tuple("r-1/0", ExpiryReason.NO_ROLLOUT_IN_TIME),
                        tuple("r-1/2", ExpiryReason.NO_VERDICT_IN_TIME));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNotExpireARolloutWhenTheProducerHasRefusedIt(boolean valueFirst) {
        if (valueFirst) {
            driver.send(value("r-1", 0.25), refusal("r-1", 0));
        } else {
            driver.send(refusal("r-1", 0), value("r-1", 0.25));
        }
        driver.advance(LATE);

        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldWaitOnlyForTheRestWhenTheProducerHasRefusedASample() {
        driver.send(value("r-1", 0.25), refusal("r-1", 1), rollout("r-1", 0, 2), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldDiscardAVerdictWhenItsRolloutIsForgotten() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(JoinDriver.SETTINGS.remember().plusSeconds(1));
        driver.advantages();

        driver.send(verdict("r-1", 0, true));
        driver.advance(LATE);

        assertThat(driver.expired()).isEmpty();
        assertThat(driver.stored(Join.REQUESTS)).isZero();
    }

    @Test
    void shouldExpireNothingWhenAValueArrivesForAForgottenRequest() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(JoinDriver.SETTINGS.remember().plusSeconds(1));
        driver.advance(LATE);
        assertThat(advantages()).hasSize(1);
        assertThat(driver.stored(Join.REQUESTS)).isZero();

        driver.send(value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertThat(driver.advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.stored(Join.REQUESTS)).isZero();
        assertThat(driver.droppedRecords()).isEqualTo(1);
    }

    @Test
    void shouldNotTrainARolloutButItsSiblingsWhenAnotherRoleHasExpiredIt() {
        driver.send(rollout("r-1", 0, 3), verdict("r-1", 0, true), rollout("r-1", 1, 3), verdict("r-1", 1, false));
        driver.send(expired("r-1", "r-1/0", "a-service"));
        driver.send(value("r-1", 0.25));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(-0.25);
        assertExpired("r-1", "r-1/2", ExpiryReason.NO_ROLLOUT_IN_TIME);
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();
    }

    @Test
    void shouldStillTakeTheSiblingsWhenARolloutWasExpiredElsewhereLongAgo() {
        driver.send(expired("r-1", "r-1/0", "a-service"));
        driver.advance(LATE);
        driver.send(rollout("r-1", 1, 2), value("r-1", 0.25), verdict("r-1", 1, true));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldForgetARequestWhenItSettledLongAgo() {
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.send(value("r-2", 0.25));
        driver.advance(LATE);
        assertThat(driver.stored(Join.REQUESTS)).isEqualTo(2);

        driver.advance(JoinDriver.SETTINGS.remember());

        assertThat(driver.stored(Join.REQUESTS)).isZero();
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();
    }

    @Test
    void shouldKeepNothingButTheRequestWhenAVerdictOfAnUnknownRolloutIsLeftOver() {
        driver.send(rollout("r-1", 0, 1), verdict("r-1", 7, true), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();
    }

    static List<Arguments> badEvents() {
        return List.of(
                Arguments.of(verdict("r-9", 0, VerdictStatus.CORRECT, Double.NaN), "reward NaN is not in [0, 1]"),
                Arguments.of(
                        Verdict.newBuilder(verdict("r-9", 0, true))
                                .setRolloutId("r-8/0")
                                .build(),
                        "rolloutId 'r-8/0' is not requestId/sampleIndex"),
                Arguments.of(value("r-9", Double.NaN), "probability NaN is not in [0, 1]"),
                Arguments.of(Events.tokenValues("r-9", 0, 0.5f, Float.NaN), "the value before token 1 is NaN"),
                Arguments.of(
                        Value.newBuilder(Events.tokenValues("r-9", 0, 0.5f))
                                .setRolloutId(null)
                                .build(),
                        "values of tokens are those of a rollout"),
                Arguments.of(
                        Value.newBuilder(Events.tokenValues("r-9", 0, 0.5f))
                                .setRolloutId("r-8/0")
                                .build(),
                        "rolloutId 'r-8/0' is not requestId/sampleIndex"));
    }

    @ParameterizedTest
    @MethodSource("badEvents")
    void shouldSendAnEventToTheDlqAndContinueWhenItContradictsItself(SpecificRecord event, String error) {
        driver.send(event);
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.deadLetters(JoinDriver.topic(event))).singleElement().satisfies(letter -> {
            assertThat(letter.key()).isEqualTo("r-9");
            assertThat(header(letter, "sppo.error")).isEqualTo(error);
        });
    }

    /** Valid but for its log-probabilities. */
    private static Rollout invalidRollout(String requestId, int sample, int samples) {
        return Rollout.newBuilder(rollout(requestId, sample, samples))
                .setBehaviourLogProbs(List.of(-1f, Float.NaN, -1f))
                .build();
    }

    @Test
    void shouldExpireAnInvalidRolloutAtOnceAndRememberIt() {
        driver.send(invalidRollout("r-9", 0, 1));
        assertExpired("r-9", "r-9/0", ExpiryReason.INVALID_ROLLOUT);
        assertThat(driver.stored(Join.ROLLOUTS)).isZero();

        driver.send(rollout("r-9", 0, 1), value("r-9", 0.25), verdict("r-9", 0, true));
        driver.send(invalidRollout("r-9", 0, 1));
        driver.advance(LATE);
        assertThat(advantages()).isEmpty();
        assertThat(driver.expired()).isEmpty();
        assertThat(driver.deadLetters(JoinDriver.TOPICS.rollouts())).isEmpty();
    }

    @Test
    void shouldNotLetAnInvalidRolloutDisplaceOneThatCameBefore() {
        driver.send(rollout("r-1", 0, 1), invalidRollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.send(invalidRollout("r-1", 0, 1));

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
    }

    @Test
    void shouldTrainOnTheOtherSamplesWhenOneIsInvalid() {
        driver.send(invalidRollout("r-1", 1, 2), rollout("r-1", 0, 2), value("r-1", 0.25), verdict("r-1", 0, true));
        assertExpired("r-1", "r-1/1", ExpiryReason.INVALID_ROLLOUT);
        driver.advance(LATE);

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.expired()).isEmpty();
    }

    static List<Arguments> shouldExpireARolloutThatBelongsToNoRequest() {
        Rollout rollout = rollout("r-1", 0, 1);
        return List.of(
                Arguments.of(Rollout.newBuilder(rollout).setSampleIndex(1).build(), "r-1/0"),
                Arguments.of(
                        Rollout.newBuilder(rollout)
                                .setSamples(Integer.MAX_VALUE)
                                .build(),
                        "r-1/0"),
                Arguments.of(Rollout.newBuilder(rollout).setRolloutId("r-8/0").build(), "r-8/0"));
    }

    /** Its ids say nothing that can be relied on, so the requests they name are left alone. */
    @ParameterizedTest
    @MethodSource
    void shouldExpireARolloutThatBelongsToNoRequest(Rollout rollout, String rolloutId) {
        driver.send(rollout);
        assertExpired("r-1", rolloutId, ExpiryReason.INVALID_ROLLOUT);
        assertThat(driver.stored(Join.REQUESTS)).isZero();

        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));
        driver.send(rollout("r-8", 0, 1), value("r-8", 0.25), verdict("r-8", 0, true));
        assertThat(advantages()).containsExactly(0.75, 0.75);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldForgetARequestAtOnceWhenItsPromptIsRefused(boolean valueFirst) {
        Expired refused = new Expired(
                "r-1", null, ExpiryReason.INVALID_PROMPT, "no messages", "rollout-producer", Instant.EPOCH, 0);
        driver.send(valueFirst ? value("r-1", 0.25) : refused);
        driver.send(valueFirst ? refused : value("r-1", 0.25));
        assertThat(driver.stored(Join.REQUESTS)).isEqualTo(1);

        driver.advance(LATE);
        assertThat(driver.expired()).isEmpty();
        driver.advance(JoinDriver.SETTINGS.remember());
        assertThat(driver.stored(Join.REQUESTS)).isZero();
    }

    @Test
    void shouldCutTheTextOfAVerdictWithAMark() {
        Verdict verbose = Verdict.newBuilder(verdict("r-1", 0, true))
                .setExtracted("4".repeat(2_000_000))
                .build();
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verbose);
        assertThat(driver.advantages())
                .singleElement()
                .satisfies(sample -> assertThat(sample.value.getVerdict().getExtracted())
                        .endsWith("4... [truncated, 2000000 characters]")
                        .hasSizeLessThan(1_050));
    }

    static List<Topic<?>> inputs() {
        return List.of(
                JoinDriver.TOPICS.rollouts(),
                JoinDriver.TOPICS.verdicts(),
                JoinDriver.TOPICS.values(),
                JoinDriver.TOPICS.expired());
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void shouldSendARecordToTheDlqAndContinueWhenItsBytesCannotBeRead(Topic<?> topic) {
        driver.sendBytes(topic, "r-1", "not avro".getBytes(UTF_8));
        driver.send(rollout("r-1", 0, 1), value("r-1", 0.25), verdict("r-1", 0, true));

        assertThat(advantages()).containsExactly(0.75);
        assertThat(driver.deadLetters(topic)).singleElement().satisfies(letter -> {
            assertThat(letter.key()).isEqualTo("r-1");
            assertThat(letter.value()).asString(UTF_8).isEqualTo("not avro");
            assertThat(header(letter, "sppo.topic")).isEqualTo(topic.name());
            assertThat(header(letter, "sppo.partition")).isEqualTo("0");
            assertThat(header(letter, "sppo.offset")).isEqualTo("0");
            assertThat(header(letter, "sppo.error")).isEqualTo("a value that does not name its schema");
        });
    }

    /** The caches of the stores must not hold records that the join has no more use for. */
    @Test
    void shouldNotKeepTheBytesOfARolloutThatHasSettled() {
        driver.send(verdict("r-1", 0, true), value("r-1", 0.25));
        WeakReference<byte[]> bytes = sendBytes(rollout("r-1", 0, 1));
        driver.send(rollout("r-2", 0, 1)); // The decoder keeps the last bytes that it read.

        assertThat(advantages()).containsExactly(0.75);
        for (int i = 0; i < 100 && bytes.get() != null; i++) {
            System.gc();
        }
        assertThat(bytes.get()).isNull();
    }

    private WeakReference<byte[]> sendBytes(Rollout rollout) {
        byte[] bytes = driver.bytes(rollout);
        driver.sendBytes(JoinDriver.TOPICS.rollouts(), rollout.getRequestId(), bytes);
        return new WeakReference<>(bytes);
    }

    @Test
    void shouldMatchTheCommittedTopologyWhenDescribed() throws IOException {
        String described;
        KafkaSettings kafka = new KafkaSettings("unused:9092", "mock://topology", Map.of());
        try (var serdes = new EventSerdes(kafka)) {
            described = AdvantageStream.topology(new RunLog(kafka, serdes, JoinDriver.TOPICS), JoinDriver.SETTINGS)
                    .describe()
                    .toString();
        }

        try (var golden = Objects.requireNonNull(getClass().getResourceAsStream("/topology.txt"))) {
            assertThat(described).isEqualTo(new String(golden.readAllBytes(), UTF_8));
        }
    }

    /** The advantages written since the last call, one per sample. */
    private List<Double> advantages() {
        return driver.advantages().stream()
                .map(sample -> sample.value.getSegments().get(0).getAdvantage())
                .toList();
    }

    private void assertExpired(String requestId, @Nullable String rolloutId, ExpiryReason reason) {
        assertThat(driver.expired())
                .extracting(Expired::getRequestId, Expired::getRolloutId, Expired::getReason)
                .containsExactly(tuple(requestId, rolloutId, reason));
    }

    private static String header(TestRecord<?, ?> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }
}
