package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.evaluation.MajorityVote.Vote;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MajorityVoteTest {
    private static boolean areEqualNumbers(String one, String other) {
        return Double.parseDouble(one) == Double.parseDouble(other);
    }

    /** Answers; that with a star is correct, and - is none. */
    private static double reward(String... answers) {
        List<Vote> votes = new ArrayList<>();
        for (String answer : answers) {
            boolean correct = answer.endsWith("*");
            votes.add(answer.equals("-") ? new Vote(null, 0) : new Vote(answer.replace("*", ""), correct ? 1 : 0));
        }
        return MajorityVote.reward(votes, MajorityVoteTest::areEqualNumbers);
    }

    @Test
    void shouldTakeTheRewardOfTheMostFrequentAnswer() {
        assertThat(reward("7", "3*", "3*", "5")).isEqualTo(1);
        assertThat(reward("7", "7", "3*", "5")).isZero();
    }

    @Test
    void shouldCountEqualAnswersTogether() {
        assertThat(reward("7", "7", "0.5*", ".50*", "5e-1*")).isEqualTo(1);
    }

    @Test
    void shouldSplitTiesFairlyInAnyOrder() {
        assertThat(reward("7", "3*")).isEqualTo(0.5);
        assertThat(reward("3*", "7")).isEqualTo(0.5);
        assertThat(reward("3*", "7", "5", "-")).isCloseTo(1 / 3.0, within(1e-15));
        assertThat(reward("3*", "7", "7", "3*", "5")).isEqualTo(0.5);
    }

    @Test
    void shouldLetSamplesWithoutAnswersNotVote() {
        assertThat(reward("-", "-", "-", "3*")).isEqualTo(1);
        assertThat(reward("-", "-")).isZero();
    }
}
