package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MathGraderTest {
    private final MathGrader grader = new MathGrader(GradingProfile.MATH);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7 | 7 | integer",
                "1/2 | 0.5 | rational",
                "x(x+1) | x^2+x | rational-function",
                "\\sqrt{8} | 2\\sqrt{2} | closed-form-120-digits",
                "\\sin 2x | 2\\sin x\\cos x | function-seeded-points",
                "[1,2) | 1 \\le x < 2 | interval",
                "\\{1,2\\} | 2, 1 | set",
                "(1,2) | (\\frac{2}{2},2) | tuple",
                "x+y=1 | 2x+2y=2 | equation-up-to-a-factor",
                "5\\% | 5 | percent-sign-left-out",
                "\\text{even} | Even | text",
                "C | (C) | choice",
                "1:2 | 2:4 | ratio",
            })
    void shouldNameTheRuleWhenItDecides(String reference, String answer, String rule) {
        assertThat(grader.gradeResponse(reference, "\\boxed{" + answer + "}"))
                .isEqualTo(new Grade(GradeStatus.CORRECT, answer, rule));
    }

    @Test
    void shouldSayWhyWhenThereIsNothingToCompare() {
        assertThat(grader.gradeResponse("5", "I give up.").status()).isEqualTo(GradeStatus.NO_ANSWER);
        assertThat(grader.gradeResponse("5", "\\boxed{\\mystery{5}}"))
                .isEqualTo(new Grade(GradeStatus.UNPARSEABLE_ANSWER, "\\mystery{5}", "unknown-command"));
        assertThat(grader.gradeResponse("\\mystery{5}", "\\boxed{5}").status())
                .isEqualTo(GradeStatus.UNPARSEABLE_REFERENCE);
        assertThat(grader.gradeResponse("\\mystery{5}", "I give up.").status())
                .isEqualTo(GradeStatus.UNPARSEABLE_REFERENCE);
        assertThat(grader.gradeResponse("2^{1000000}", "\\boxed{2^{1000000}+1}").status())
                .isEqualTo(GradeStatus.BUDGET_EXCEEDED);
    }

    @Test
    void shouldGiveTheSameGradesWhenSixteenThreadsShareAGrader() throws Exception {
        List<GradedPredictionsTest.Case> cases = GradedPredictionsTest.cases().toList();
        List<Grade> alone = grades(new MathGrader(GradingProfile.MATH), cases, 0);
        ExecutorService pool = Executors.newFixedThreadPool(16);
        try {
            List<Callable<List<Grade>>> tasks = new ArrayList<>();
            for (int thread = 0; thread < 16; thread++) {
                int offset = 17 * thread;
                tasks.add(() -> grades(grader, cases, offset));
            }
            for (Future<List<Grade>> shared : pool.invokeAll(tasks)) {
                assertThat(shared.get()).isEqualTo(alone);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** The grades of all cases, in order. Grading starts at an offset, so that threads grade different cases at once. */
    private static List<Grade> grades(MathGrader grader, List<GradedPredictionsTest.Case> cases, int offset) {
        Grade[] grades = new Grade[cases.size()];
        for (int i = 0; i < grades.length; i++) {
            int at = (i + offset) % grades.length;
            grades[at] = grader.gradePrediction(
                    cases.get(at).reference(), cases.get(at).prediction());
        }
        return List.of(grades);
    }
}
