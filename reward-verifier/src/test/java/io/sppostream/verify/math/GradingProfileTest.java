package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GradingProfileTest {

    @ParameterizedTest
    @EnumSource
    void shouldParseItsOwnIdWhenAsked(GradingProfile profile) {
        assertThat(GradingProfile.parse(profile.id())).isEqualTo(profile);
    }

    @Test
    void shouldListTheProfilesWhenAnIdIsUnknown() {
        assertThatThrownBy(() -> GradingProfile.parse("maths")).hasMessageContaining("sppo-compat");
    }

    @Test
    void shouldParseTheFormerIdWhenAScriptUsesIt() {
        assertThat(GradingProfile.parse("exact")).isEqualTo(GradingProfile.VERBATIM);
    }

    @ParameterizedTest
    @CsvSource({"5,500", "5,0.05", "12345,12346", "2^{100},2^{100}+1"})
    void shouldTolerateDifferencesOnlyWhenTheProfileIsSppoCompat(String reference, String answer) {
        assertThat(status(GradingProfile.SPPO_COMPAT, reference, answer)).isEqualTo(GradeStatus.CORRECT);
        assertThat(status(GradingProfile.MATH, reference, answer)).isEqualTo(GradeStatus.INCORRECT);
        assertThat(status(GradingProfile.SPPO_COMPAT, "7", answer)).isEqualTo(GradeStatus.INCORRECT);
    }

    @Test
    void shouldCompareCharactersWhenTheProfileIsVerbatim() {
        assertThat(status(GradingProfile.VERBATIM, " 0.5", "0.5 ")).isEqualTo(GradeStatus.CORRECT);
        assertThat(status(GradingProfile.VERBATIM, "0.5", "1/2")).isEqualTo(GradeStatus.INCORRECT);
    }

    @Test
    void shouldCompareLettersWhenTheProfileIsChoice() {
        assertThat(status(GradingProfile.CHOICE, "\\text{(A) } 0", "A")).isEqualTo(GradeStatus.CORRECT);
        assertThat(status(GradingProfile.CHOICE, "B", "\\textbf{(B)}\\ 12")).isEqualTo(GradeStatus.CORRECT);
        assertThat(status(GradingProfile.CHOICE, "B", "C")).isEqualTo(GradeStatus.INCORRECT);
        assertThat(status(GradingProfile.CHOICE, "B", "12")).isEqualTo(GradeStatus.UNPARSEABLE_ANSWER);
        assertThat(status(GradingProfile.CHOICE, "12", "B")).isEqualTo(GradeStatus.UNPARSEABLE_REFERENCE);
    }

    @Test
    void shouldReadAWholeSolutionWhenTheProfileIsGsm8k() {
        MathGrader grader = new MathGrader(GradingProfile.GSM8K);
        String solution = "He has <<1000+234=1234>>1234.\n#### 1,234";
        assertThat(grader.gradeResponse(solution, "So\n#### $1,234.").status()).isEqualTo(GradeStatus.CORRECT);
        assertThat(grader.gradeResponse(solution, "So\n#### 1,235").status()).isEqualTo(GradeStatus.INCORRECT);
        assertThat(grader.gradePrediction("72", "So 36 + 36.\n#### 72.").status())
                .isEqualTo(GradeStatus.CORRECT);
    }

    private static GradeStatus status(GradingProfile profile, String reference, String answer) {
        return new MathGrader(profile)
                .gradeResponse(reference, "\\boxed{" + answer + "}")
                .status();
    }
}
