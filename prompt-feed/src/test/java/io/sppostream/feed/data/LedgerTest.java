package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LedgerTest {
    private static final Pattern OPERATION = Pattern.compile("([-+*])(\\d\\d)");

    private static final Dataset SMALL = Ledger.generate(1, 200, 20);

    private static Stream<Problem> all(Dataset dataset) {
        return Stream.concat(dataset.training().stream(), dataset.heldOut().stream());
    }

    /** The steps of a chain, computed from its prompt alone. */
    private static String solve(String prompt) {
        int value = Integer.parseInt(prompt.substring(0, 2));
        StringBuilder steps = new StringBuilder();
        Matcher operation = OPERATION.matcher(prompt);
        while (operation.find()) {
            int operand = Integer.parseInt(operation.group(2));
            int exact = switch (operation.group(1)) {
                case "+" -> value + operand;
                case "-" -> value - operand + 100;
                default -> value * operand;
            };
            steps.append("%02d%s=%02d;".formatted(value, operation.group(), exact % 100));
            value = exact % 100;
        }
        return steps + "#%02d".formatted(value);
    }

    @Test
    void shouldWriteTheExampleOfTheDocumentation() {
        assertThat(solve("87+38-21*03?")).isEqualTo("87+38=25;25-21=04;04*03=12;#12");
    }

    @Test
    void shouldSolveEachChainByWrittenStepsThatEndInTheReference() {
        all(SMALL).forEach(problem -> {
            String prompt = problem.messages().get(0).getContent();
            assertThat(prompt)
                    .matches("[1-9]\\d([-+][1-3]\\d|\\*0[2-9]){3,30}\\?")
                    .isEqualTo(problem.id());
            assertThat(problem.solution()).isEqualTo(solve(prompt)).endsWith("#" + problem.reference());
        });
    }

    @Test
    void shouldTellTheTierByTheLengthOfThePrompt() {
        all(SMALL).forEach(problem -> {
            int operators = (problem.id().length() - 3) / 3;
            if (problem.tier().equals(Ledger.SHORT)) {
                assertThat(operators).isBetween(3, 8);
            } else {
                assertThat(problem.tier()).isEqualTo(Ledger.LONG);
                assertThat(operators).isBetween(15, 30);
            }
            assertThat(problem.solution().length() + 1)
                    .as("tokens with the end token")
                    .isEqualTo(9 * operators + 4)
                    .isBetween(31, 274);
        });
    }

    @Test
    void shouldNotRepeatAnOperand() {
        all(SMALL).forEach(problem -> {
            List<String> numbers = new ArrayList<>();
            Matcher number = Pattern.compile("[-+*]\\d\\d").matcher(problem.id());
            while (number.find()) {
                numbers.add(number.group().substring(1));
            }
            assertThat(numbers).doesNotHaveDuplicates();
        });
    }

    @Test
    void shouldHaveEquallyManyOfEachTierInAnyFirstPart() {
        assertThat(SMALL.training()).hasSize(400);
        assertThat(SMALL.heldOut()).hasSize(40);
        assertThat(SMALL.heldOut().subList(0, 20).stream().map(Problem::tier))
                .containsExactlyElementsOf(Stream.iterate(0, i -> i + 1)
                        .limit(20)
                        .map(i -> i % 2 == 0 ? Ledger.SHORT : Ledger.LONG)
                        .toList());
    }

    /** The hash decides, so a prompt that is held out at one seed is not trained on at another. */
    @Test
    void shouldNeverTrainOnAHeldOutPromptAtAnySeed() {
        assertThat(SMALL.training()).noneMatch(GeneratedDataset::isHeldOut);
        assertThat(SMALL.heldOut()).allMatch(GeneratedDataset::isHeldOut);
        Dataset other = Ledger.generate(2, 200, 20);
        Set<Problem> trained = new HashSet<>(SMALL.training());
        trained.addAll(other.training());
        assertThat(trained).doesNotContainAnyElementsOf(SMALL.heldOut()).doesNotContainAnyElementsOf(other.heldOut());
    }

    @Test
    void shouldBeAFunctionOfTheSeed() {
        assertThat(Ledger.generate(1, 200, 20)).isEqualTo(SMALL);
        assertThat(Ledger.generate(2, 200, 20)).isNotEqualTo(SMALL);
        assertThat(all(SMALL).map(Problem::id).collect(Collectors.toSet())).hasSize(440);
    }

    /** Recorded runs and shipped checkpoints name the dataset, so what it holds must not drift. */
    @Test
    void shouldHoldTheProblemsItAlwaysHeld() {
        assertThat(SMALL.training().get(0).id()).isEqualTo("55*05-22+35-39?");
    }
}
