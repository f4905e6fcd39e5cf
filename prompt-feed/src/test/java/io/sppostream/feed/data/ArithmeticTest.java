package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ArithmeticTest {
    private static final Dataset DATASET = Arithmetic.dataset();
    private static final Pattern QUESTION =
            Pattern.compile("What is (\\d+)\\+(\\d+)\\? Answer with the number only\\.");

    private static void assertTrue(Problem problem) {
        Matcher matcher = QUESTION.matcher(problem.messages().get(0).getContent());
        assertThat(matcher.matches()).as(problem.id()).isTrue();
        int sum = Integer.parseInt(matcher.group(1)) + Integer.parseInt(matcher.group(2));
        assertThat(problem.reference()).isEqualTo(Integer.toString(sum)).isEqualTo(problem.solution());
        assertThat(problem.tier())
                .isEqualTo(matcher.group(1).length() == 1 ? Arithmetic.ONE_DIGIT : Arithmetic.TWO_DIGITS);
    }

    @Test
    void shouldKnowTheSums() {
        assertThat(DATASET.training()).allSatisfy(ArithmeticTest::assertTrue);
        assertThat(DATASET.heldOut()).allSatisfy(ArithmeticTest::assertTrue);
    }

    @Test
    void shouldHoldOutATenthOfTheTwoDigitSumsAndNeverTrainOnThem() {
        assertThat(DATASET.heldOut())
                .doesNotHaveDuplicates()
                .hasSizeBetween(750, 900)
                .allSatisfy(problem -> assertThat(problem.tier()).isEqualTo(Arithmetic.TWO_DIGITS));
        assertThat(DATASET.training()).doesNotContainAnyElementsOf(DATASET.heldOut());
        assertThat(new HashSet<>(DATASET.training()))
                .hasSize(8_100 - DATASET.heldOut().size() + 100);
    }

    @Test
    void shouldAskOneDigitSumsHalfOfTheTime() {
        Map<String, List<Problem>> byTier = DATASET.training().stream().collect(Collectors.groupingBy(Problem::tier));
        assertThat(byTier.get(Arithmetic.ONE_DIGIT)).hasSameSizeAs(byTier.get(Arithmetic.TWO_DIGITS));
    }

    /** An evaluation takes the first ones. */
    @Test
    void shouldMixTheHeldOutSums() {
        assertThat(DATASET.heldOut().subList(0, 100).stream()
                        .map(problem -> problem.id().charAt(0))
                        .distinct())
                .hasSizeGreaterThan(7);
    }

    @Test
    void shouldBeTheSameEveryTime() {
        assertThat(Arithmetic.dataset()).isEqualTo(DATASET);
        assertThat(DATASET.name()).isEqualTo("arithmetic");
    }
}
