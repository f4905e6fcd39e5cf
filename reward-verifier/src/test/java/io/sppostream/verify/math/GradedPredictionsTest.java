package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradedPredictionsTest {
    private final MathGrader grader = new MathGrader(GradingProfile.MATH);

    record Case(boolean correct, String reference, String prediction) {
        static Case of(String line) {
            List<String> parts = List.of(line.split(" \\|\\| ", -1));
            return new Case(parts.get(0).equals("correct"), parts.get(1), parts.get(2));
        }
    }

    static Stream<Case> cases() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(GradedPredictionsTest.class.getResourceAsStream("predictions.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.startsWith("#")).map(Case::of).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldGradeAsAPersonWouldWhenComparingOneAnswer(Case given) {
        Grade grade = grader.gradePrediction(given.reference(), given.prediction());
        assertThat(grade.status() == GradeStatus.CORRECT).as("%s", grade).isEqualTo(given.correct());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldAcceptTheReferenceItselfWhenItIsTheAnswer(Case given) {
        assertThat(grader.gradeResponse(given.reference(), "It is $\\boxed{" + given.reference() + "}$.")
                        .status())
                .isEqualTo(GradeStatus.CORRECT);
    }
}
