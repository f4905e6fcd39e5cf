package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AdditionTest {
    private static final Dataset TWO_DIGITS = Addition.twoDigits();

    private static boolean easy(Problem problem) {
        return problem.id().matches("0\\d\\+0\\d=");
    }

    private static void assertTrue(Problem problem, String question) {
        Matcher matcher =
                Pattern.compile(question).matcher(problem.messages().get(0).getContent());
        assertThat(matcher.matches()).as(problem.id()).isTrue();
        int sum = Integer.parseInt(matcher.group(1)) + Integer.parseInt(matcher.group(2));
        assertThat(problem.reference()).isEqualTo(Integer.toString(sum));
        assertThat(problem.messages()).hasSize(1);
        assertThat(problem.messages().get(0).getRole()).isEqualTo("user");
    }

    @Test
    void shouldKnowTheSums() {
        TWO_DIGITS.training().forEach(problem -> assertTrue(problem, "(\\d\\d)\\+(\\d\\d)="));
        TWO_DIGITS.heldOut().forEach(problem -> assertTrue(problem, "(\\d\\d)\\+(\\d\\d)="));
        Addition.oneDigit().training().forEach(problem -> assertTrue(problem, "(\\d)\\+(\\d)="));
    }

    @Test
    void shouldHoldOutATenthThatIsNeverTrainedOn() {
        Set<Problem> training = new HashSet<>(TWO_DIGITS.training());
        Set<Problem> heldOut = new HashSet<>(TWO_DIGITS.heldOut());

        assertThat(TWO_DIGITS.heldOut()).hasSize(heldOut.size()).hasSizeBetween(900, 1_100);
        assertThat(training).hasSize(10_000 - heldOut.size()).doesNotContainAnyElementsOf(heldOut);
    }

    /** As often as hard ones, and none of them much more often than another. */
    @Test
    void shouldAskEasyProblemsHalfOfTheTime() {
        Map<Boolean, List<Problem>> byEase =
                TWO_DIGITS.training().stream().collect(Collectors.partitioningBy(AdditionTest::easy));
        List<Problem> easy = byEase.getOrDefault(true, List.of());
        List<Problem> hard = byEase.getOrDefault(false, List.of());

        assertThat(easy).hasSameSizeAs(hard);
        assertThat(hard).doesNotHaveDuplicates();
        Map<Problem, Long> counts =
                easy.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        long least = counts.values().stream().min(Long::compare).orElseThrow();
        assertThat(counts.values()).allSatisfy(count -> assertThat(count).isBetween(least, least + 1));
        assertThat(counts).hasSizeBetween(80, 100);
    }

    @Test
    void shouldBeTheSameEveryTime() {
        assertThat(Addition.twoDigits()).isEqualTo(TWO_DIGITS);
        assertThat(TWO_DIGITS.name()).isEqualTo("addition");
    }

    @Test
    void shouldTrainAndTestOnAllPairsWhenOfOneDigit() {
        Dataset dataset = Addition.oneDigit();
        assertThat(dataset.name()).isEqualTo("addition-1");
        assertThat(dataset.training()).hasSize(100).doesNotHaveDuplicates().isEqualTo(dataset.heldOut());
    }
}
