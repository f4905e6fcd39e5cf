package io.sppostream.run.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.TrainingStep;
import io.sppostream.run.Budget;
import io.sppostream.run.report.LearningCurve.Accuracy;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LearningCurveTest {
    private static final Instant START = Instant.ofEpochSecond(1_000);

    private final LearningCurve curve = new LearningCurve(START, List.of(), true);

    private static TrainingStep step(String line, int step, double seconds) {
        return TrainingStep.newBuilder()
                .setLine(line)
                .setStep(step)
                .setFromVersion(step - 1)
                .setToVersion(step)
                .setFromSha256("00")
                .setToSha256("01")
                .setSamples(List.of())
                .setSamplesTrained(4L * step)
                .setConsumed(List.of())
                .setConfigurationSha256("02")
                .setMetrics(Map.of())
                .setStartedAt(START)
                .setEndedAt(after(seconds))
                .build();
    }

    private static Instant after(double seconds) {
        return START.plusMillis(Math.round(1_000 * seconds));
    }

    @Test
    void shouldBeEmptyAtFirst() {
        assertThat(curve.stepsDone()).isZero();
        assertThat(curve.seconds()).isZero();
        assertThat(curve.lastAccuracy()).isNull();
        assertThat(curve.secondsTo(0)).isEmpty();
    }

    @Test
    void shouldCountAStepWhenBothLinesHaveCommittedIt() {
        curve.add(step("policy", 1, 1.5));
        assertThat(curve.stepsDone()).isZero();
        curve.add(step("critic", 1, 1.25));
        curve.add(step("critic", 2, 2.5));

        assertThat(curve.stepsDone()).isEqualTo(1);
        assertThat(curve.seconds()).isEqualTo(2.5);
        assertThat(curve.policy()).extracting(TrainingStep::getStep).containsExactly(1);
        assertThat(curve.critic()).extracting(TrainingStep::getStep).containsExactly(1, 2);
    }

    @Test
    void shouldFindWhenALevelWasFirstReached() {
        curve.add(0, after(-3), 0.25);
        curve.add(20, after(4.5), 0.45);
        curve.add(40, after(9), 0.5);
        curve.add(60, after(14), 0.4);
        curve.add(80, after(19), 0.6);

        assertThat(curve.secondsTo(0.5)).hasValue(9);
        assertThat(curve.secondsTo(0.55)).hasValue(19);
        assertThat(curve.secondsTo(0.61)).isEmpty();
        assertThat(curve.lastAccuracy()).isEqualTo(new Accuracy(80, 0, 19, 0.6));
    }

    @Test
    void shouldKeepAVersionWithoutAccuracyWhenItWasNotJudged() {
        curve.add(0, after(-3), 0.25);
        curve.addNotJudged(20, after(4.5), "the judge is dead");

        assertThat(curve.lastAccuracy()).isEqualTo(new Accuracy(20, 0, 4.5, null, "the judge is dead"));
        assertThat(curve.secondsTo(0)).hasValue(0);
        assertThat(curve.secondsTo(0.3)).isEmpty();
        assertThat(ProgressLine.text(curve, 40, 5)).isEqualTo("step 0/40 | accuracy not judged");
    }

    /** Steps end at 2 and 3, the run is taken up again at 10 and, before another step ended, at 12: 9 s don't count. */
    @Test
    void shouldNotCountInterruptionsWhenARunWasTakenUpAgain() {
        LearningCurve resumed = new LearningCurve(START, List.of(after(10), after(12)), true);
        resumed.add(20, after(3), 0.4);
        resumed.add(step("policy", 1, 2));
        resumed.add(step("critic", 1, 3));
        assertThat(resumed.seconds(after(12.5))).isEqualTo(3.5);
        resumed.add(step("policy", 2, 14));
        resumed.add(40, after(14), 0.5);

        assertThat(resumed.seconds(after(2.5))).isEqualTo(2.5);
        assertThat(resumed.seconds()).isEqualTo(5);
        assertThat(resumed.accuracies()).containsExactly(new Accuracy(20, 8, 3, 0.4), new Accuracy(40, 8, 5, 0.5));
    }

    /** The start policy is there before the first prompt. */
    @Test
    void shouldCountFromZeroWhenAVersionIsOlderThanTheRun() {
        curve.add(0, after(-3), 0.25);
        assertThat(curve.accuracies()).containsExactly(new Accuracy(0, 0, 0, 0.25));
    }

    @Test
    void shouldCountEvidenceWithTheStepInWhichItSettled() {
        curve.addExpired(after(1));
        curve.add(step("policy", 1, 1.5));
        curve.addExpired(after(2));
        curve.addExpired(after(2));
        curve.add(step("policy", 2, 2.5));
        curve.addExpired(after(3));
        curve.add(0, START, 0.1);
        curve.add(1, after(1.5), 0.2);
        curve.add(2, after(2.5), 0.3);

        assertThat(curve.accuracies()).extracting(Accuracy::rollouts).containsExactly(0L, 5L, 11L);
        assertThat(curve.rollouts()).isEqualTo(12);
        assertThat(curve.rolloutsOfSteps()).as("no step of the critic").isZero();
        curve.add(step("critic", 1, 2.6));
        assertThat(curve.rolloutsOfSteps()).isEqualTo(5);
        assertThat(curve.secondsOfSteps()).isEqualTo(1.5);
    }

    /** Else the version evaluated at the end would not have spent the budget, and the run would be taken up again. */
    @Test
    void shouldSpendABudgetByAStepAndNotByRolloutsOfTheNext() {
        LearningCurve run = new LearningCurve(START, List.of(), false);
        run.add(step("policy", 1, 2));
        for (int i = 0; i < 3; i++) {
            run.addExpired(after(3));
        }
        assertThat(run.rollouts()).isEqualTo(7);
        assertThat(Budget.ofRollouts(6).isSpent(run)).isFalse();

        run.add(step("policy", 2, 4));
        assertThat(Budget.ofRollouts(6).isSpent(run)).isTrue();
        assertThat(Budget.ofSeconds(4).isSpent(run)).isTrue();
        assertThat(Budget.ofSeconds(4.5).isSpent(run)).isFalse();
    }

    @Test
    void shouldSpendABudgetTwiceWhenRolloutsBringNoStep() {
        for (int i = 0; i < 11; i++) {
            curve.addExpired(after(3));
        }
        assertThat(Budget.ofRollouts(6).isSpent(curve)).isFalse();
        curve.addExpired(after(3));
        assertThat(Budget.ofRollouts(6).isSpent(curve)).isTrue();
    }

    @Test
    void shouldCountRolloutsThatHaveNotSettledWhenAllSampledAreCounted() {
        curve.add(step("policy", 1, 1.5));
        curve.add(step("policy", 2, 2.5));
        for (double sampledAt : new double[] {0.5, 1.5, 1.5, 1.75, 2, 2.25, 2.75}) {
            curve.addSampled(after(sampledAt));
        }
        curve.add(0, START, 0.1);
        curve.add(1, after(1.5), 0.2);
        curve.add(2, after(2.5), 0.3);

        assertThat(curve.accuracies()).extracting(Accuracy::rollouts).containsExactly(0L, 3L, 6L);
    }
}
