package io.sppostream.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.run.Budget;
import io.sppostream.run.report.LearningCurve.Accuracy;
import org.junit.jupiter.api.Test;

class CellResultTest {
    private final CellResult result = Results.of(1e-3, 2, 0.2, 0.4, 0.3, 0.6);

    @Test
    void shouldInterpolateBetweenEvaluations() {
        assertThat(result.accuracyAtRollouts(0)).hasValue(0.2);
        assertThat(result.accuracyAtRollouts(3_000)).hasValue(0.6);
        assertThat(result.accuracyAtRollouts(500).orElseThrow()).isCloseTo(0.3, within(1e-12));
        assertThat(result.accuracyAtSeconds(3).orElseThrow()).isCloseTo(0.35, within(1e-12));
        assertThat(result.accuracyAtRollouts(3_001)).isEmpty();
        assertThat(result.accuracyAtSeconds(6.5)).isEmpty();
    }

    @Test
    void shouldTakeTheEndOfTheRunWhenItEndedBeforeItsBudget() {
        assertThat(result.accuracyAt(Budget.ofRollouts(1_500)).orElseThrow()).isEqualTo(0.35);
        assertThat(result.accuracyAt(Budget.ofRollouts(10_000))).hasValue(0.6);
        assertThat(result.accuracyAt(Budget.ofSeconds(100))).hasValue(0.6);
        assertThat(result.covers(Budget.ofRollouts(3_000))).isTrue();
        assertThat(result.covers(Budget.ofSeconds(6.1))).isFalse();
    }

    @Test
    void shouldFindTheFirstVersionThatReachedTheTarget() {
        assertThat(result.reaches(0.35, Accuracy::rollouts)).hasValue(1_000);
        assertThat(result.reaches(0.5, Accuracy::seconds)).hasValue(6);
        assertThat(result.reaches(0.7, Accuracy::seconds)).isEmpty();
    }

    @Test
    void shouldHaveNoAccuracyWhenNothingWasJudged() {
        CellResult none = Results.of(1e-3, 1);
        assertThat(none.accuracyAt(Budget.ofRollouts(1))).isEmpty();
        assertThat(none.covers(Budget.ofRollouts(1))).isFalse();
    }

    @Test
    void shouldReadASummary() throws Exception {
        CellResult read = CellResult.of(new ObjectMapper().readTree("""
                {"settings": {"policy.learning.rate": 5.0E-4, "lag": 0, "estimator.mask": "true"},
                 "evaluations": [
                   {"step": 0, "rollouts": 0, "seconds": 0.0, "accuracy": 0.25, "not_judged": null},
                   {"step": 5, "rollouts": 40, "seconds": 1.0, "accuracy": null, "not_judged": "HTTP 503"},
                   {"step": 9, "rollouts": 72, "seconds": 2.5, "accuracy": 0.5, "not_judged": null}],
                 "seconds_by_role": {"policy-learner": 3.0, "critic": 1.0},
                 "peak_resident_bytes": null, "critic_explained_variance": 0.125, "resumptions": 1}
                """));

        assertThat(read.settings())
                .containsEntry("policy.learning.rate", "5.0E-4")
                .containsEntry("lag", "0");
        assertThat(read.evaluations()).containsExactly(new Accuracy(0, 0, 0, 0.25), new Accuracy(9, 72, 2.5, 0.5));
        assertThat(read.rate()).isEqualTo(5e-4);
        assertThat(read.resumptions()).isEqualTo(1);
        assertThat(read.timeShares()).containsEntry("policy-learner", 0.75).containsEntry("critic", 0.25);
        assertThat(read.peakResidentBytes()).isNull();
        assertThat(read.explainedVariance()).isEqualTo(0.125);
    }

    @Test
    void shouldNameTheFieldThatAnOlderSummaryLacks() {
        assertThatThrownBy(
                        () -> CellResult.of(new ObjectMapper().readTree("{\"settings\": {}, \"evaluations\": [{}]}")))
                .hasMessage("it has no 'accuracy'");
    }
}
