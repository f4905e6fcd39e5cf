package io.sppostream.run.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.advantage.RewardOutcome;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.LogException;
import java.time.Instant;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private static final RewardOutcome RIGHT = new RewardOutcome.Rewarded(1, List.of());
    private static final RewardOutcome WRONG = new RewardOutcome.Rewarded(0, List.of());

    private static RewardOutcome notJudged(VerdictStatus status) {
        return new RewardOutcome.NotJudged(
                new Verdict("r/0", "r", "judge", "1", status, null, null, "http-503", Instant.EPOCH, Map.of(), false));
    }

    @Test
    void shouldCountAProblemThatThePolicyCannotAnswerAsWrong() {
        assertThat(Evaluation.result(List.of(RIGHT, WRONG, RIGHT), 1)).isEqualTo(HeldOutResult.judged(4, 0.5));
    }

    @Test
    void shouldHaveNoAccuracyWhenAVerifierFailed() {
        HeldOutResult result = Evaluation.result(List.of(RIGHT, notJudged(VerdictStatus.INFRA_ERROR), RIGHT), 1);

        assertThat(result.accuracy()).isNull();
        assertThat(result.notJudgedBecause())
                .isEqualTo("1 of 4 answers were not judged: verdict INFRA_ERROR of judge: http-503");
        assertThatThrownBy(result::requireAccuracy)
                .isInstanceOf(LogException.class)
                .hasMessageContaining("1 of 4 answers were not judged");
    }

    @Test
    void shouldHaveNoAccuracyWhenItDependsOnAProgramOutside() {
        assertThat(Evaluation.result(Arrays.asList(RIGHT, null), 0).notJudgedBecause())
                .contains("1 of 2 answers were not judged", "verifier outside");
    }

    @Test
    void shouldLeaveOutAProblemWhoseReferenceCannotBeRead() {
        RewardOutcome unreadable = notJudged(VerdictStatus.UNPARSEABLE_REFERENCE);

        assertThat(Evaluation.result(List.of(RIGHT, unreadable, WRONG), 0)).isEqualTo(HeldOutResult.judged(2, 0.5));
        assertThat(Evaluation.result(List.of(unreadable, unreadable), 0).notJudgedBecause())
                .isEqualTo("2 of 2 answers were not judged: verdict UNPARSEABLE_REFERENCE of judge: http-503");
    }

    @Test
    void shouldGroupRewardsByTier() {
        SortedMap<String, DoubleSummaryStatistics> rewards = new TreeMap<>();
        Evaluation.add(rewards, "long", 0);
        Evaluation.add(rewards, "short", 1);
        Evaluation.add(rewards, "long", 1);
        Evaluation.add(rewards, "", 1);

        assertThat(Evaluation.means(rewards)).containsExactly(Map.entry("long", 0.5), Map.entry("short", 1.0));
    }
}
