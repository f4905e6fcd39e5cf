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

class ProfiledResponsesTest {

    /** A response with its status under a profile. */
    record Case(GradingProfile profile, GradeStatus status, String reference, String response) {
        static Case of(String line) {
            List<String> parts = List.of(line.split(" \\|\\| ", -1));
            return new Case(
                    GradingProfile.parse(parts.get(0)),
                    GradeStatus.valueOf(parts.get(1)),
                    parts.get(2),
                    parts.get(3).replace("\\n", "\n"));
        }
    }

    static Stream<Case> cases() throws IOException {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(ProfiledResponsesTest.class.getResourceAsStream("responses.txt")),
                StandardCharsets.UTF_8))) {
            return reader.lines().filter(line -> !line.startsWith("#")).map(Case::of).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldFindTheAnswerThatTheProfileLooksForWhenGradingAResponse(Case given) {
        Grade grade = new MathGrader(given.profile()).gradeResponse(given.reference(), given.response());
        assertThat(grade.status()).as("%s", grade).isEqualTo(given.status());
    }
}
