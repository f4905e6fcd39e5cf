package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random and mutated answers: none throws, none is slow. Before a release, run a million of them with {@code
 * -Dgrader.random.answers=1000000}.
 */
class RandomAnswersTest {
    private static final int ANSWERS = Integer.getInteger("grader.random.answers", 20_000);

    /** An answer slower than this is measured again, in case the garbage collector ran. */
    private static final double MAX_MILLIS = 50;

    private static final List<String> PIECES = List.of(
            "\\frac",
            "\\sqrt",
            "\\sum_{k=1}^{",
            "\\boxed{",
            "\\text{",
            "\\left(",
            "\\right)",
            "\\begin{pmatrix}",
            "\\end{pmatrix}",
            "\\\\",
            "&",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "|",
            "^",
            "_",
            "!",
            "!!",
            "%",
            "\\%",
            "$",
            ",",
            ";",
            ":",
            "=",
            "<",
            "\\le ",
            "\\in ",
            "\\cup ",
            "\\infty",
            "\\pi",
            "e",
            "i",
            "x",
            "f(",
            "10",
            "2",
            "999999",
            "0.5",
            ".",
            "1e300",
            "\\overline{3}",
            "\\pm ",
            "+",
            "-",
            "/",
            "*",
            " ",
            "\\sin ",
            "\\ln ",
            "\\log_",
            "cm",
            " and ",
            " or ",
            "\\binom",
            "\\gcd(",
            "\\lfloor ",
            "\\rfloor",
            "^\\circ",
            "\\",
            "\u221e",
            "\ud83d\ude00");

    @Test
    void shouldAlwaysReachAGradeWhenAnswersAreRandomOrMutated() throws IOException {
        List<GradedPredictionsTest.Case> cases = GradedPredictionsTest.cases().toList();
        MathGrader grader = new MathGrader(GradingProfile.MATH);
        SplittableRandom random = new SplittableRandom(20_261_120L);
        double worst = 0;
        String slowest = "";
        for (int i = 0; i < ANSWERS; i++) {
            String reference = cases.get(random.nextInt(cases.size())).reference();
            String answer = i % 2 == 0
                    ? randomAnswer(random)
                    : mutated(cases.get(random.nextInt(cases.size())).prediction(), random);
            String usedReference = i % 5 == 0 ? mutated(reference, random) : reference;
            double millis = CpuClock.millis(() -> gradeBothWays(grader, usedReference, answer));
            if (millis > MAX_MILLIS) {
                millis = CpuClock.millis(() -> gradeBothWays(grader, usedReference, answer));
            }
            if (millis > worst) {
                worst = millis;
                slowest = usedReference + " ~ " + answer;
            }
        }
        assertThat(worst).as(slowest).isLessThan(MAX_MILLIS);
    }

    private static void gradeBothWays(MathGrader grader, String reference, String answer) {
        assertThat(grader.gradePrediction(reference, answer).status()).isNotNull();
        assertThat(grader.gradeResponse(reference, "\\boxed{" + answer + "}").status())
                .isNotNull();
    }

    private static String randomAnswer(SplittableRandom random) {
        StringBuilder answer = new StringBuilder();
        for (int i = random.nextInt(1, 25); i > 0; i--) {
            answer.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return answer.toString();
    }

    private static String mutated(String answer, SplittableRandom random) {
        StringBuilder mutated = new StringBuilder(answer);
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            int at = random.nextInt(mutated.length() + 1);
            switch (random.nextInt(4)) {
                case 0 -> mutated.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 1 -> mutated.insert(at, answer);
                case 2 -> mutated.delete(at, Math.min(mutated.length(), at + random.nextInt(1, 4)));
                default -> mutated.insert(at, (char) random.nextInt(32, 127));
            }
        }
        return mutated.toString();
    }
}
