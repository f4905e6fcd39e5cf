package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.VerdictStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExactAnswerVerifierTest {
    private final Verifier verifier = new ExactAnswerVerifier();

    @ParameterizedTest
    @CsvSource(
            delimiter = '=',
            value = {"42=42", "' 42'=42", "'42\n'=42", "42=' 42 '", "a b=a b"})
    void shouldBeCorrectWhenTrimmedTextsAreEqual(String text, String reference) {
        assertThat(verifier.judge(Rollouts.saying(text, reference)))
                .isEqualTo(Judgement.correct(reference.strip(), "exact"));
    }

    @ParameterizedTest
    @CsvSource({"43,42", "042,42", "42.0,42", "42 43,42", "A,a"})
    void shouldBeIncorrectWhenTextsDiffer(String text, String reference) {
        assertThat(verifier.judge(Rollouts.saying(text, reference)))
                .isEqualTo(Judgement.wrong(VerdictStatus.INCORRECT, text, "exact"));
    }

    @ParameterizedTest
    @CsvSource({"''", "'  '", "'\n'"})
    void shouldFindNoAnswerWhenTheResponseIsEmpty(String text) {
        assertThat(verifier.judge(Rollouts.saying(text, "42")))
                .isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "empty-response"));
    }

    @Test
    void shouldBeIncorrectWhenTheResponseWasCutOffAtTheRightText() {
        assertThat(verifier.judge(Rollouts.of("r-1", "addition", "42", "42", FinishReason.LENGTH)))
                .isEqualTo(Judgement.wrong(VerdictStatus.INCORRECT, "42", "cut-off"));
    }

    @Test
    void shouldNotJudgeWhenThereIsNoReference() {
        assertThat(verifier.judge(Rollouts.saying("42", " ")))
                .isEqualTo(Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "empty-reference"));
    }
}
