package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.VerdictStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MarkedAnswerVerifierTest {
    private final Verifier verifier = new MarkedAnswerVerifier();

    @ParameterizedTest
    @ValueSource(strings = {"37+58=95;#95", "#95", "37+58=12;#95", "#12;#95", "# 95 "})
    void shouldBeCorrectWhenTheLastMarkedTextIsTheReference(String text) {
        assertThat(verifier.judge(Rollouts.saying(text, "95"))).isEqualTo(Judgement.correct("95", "marked"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"95;", "9", "095", "95#"})
    void shouldBeIncorrectWhenTheMarkedTextDiffers(String answer) {
        Judgement judgement = verifier.judge(Rollouts.saying("37+58=95;#" + answer, "95"));

        assertThat(judgement.reward()).isZero();
        assertThat(judgement.status()).isIn(VerdictStatus.INCORRECT, VerdictStatus.NO_ANSWER);
    }

    @Test
    void shouldFindNoAnswerWhenNothingIsMarked() {
        assertThat(verifier.judge(Rollouts.saying("37+58=95", "95")))
                .isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "no-mark"));
        assertThat(verifier.judge(Rollouts.saying("37+58=95;#", "95")))
                .isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "nothing-after-mark"));
    }

    @Test
    void shouldBeIncorrectWhenTheResponseWasCutOffAtTheRightText() {
        assertThat(verifier.judge(Rollouts.of("r-1", "ledger", "37+58=95;#95", "95", FinishReason.LENGTH)))
                .isEqualTo(Judgement.wrong(VerdictStatus.INCORRECT, "95", "cut-off"));
    }

    @Test
    void shouldNotJudgeWhenThereIsNoReference() {
        assertThat(verifier.judge(Rollouts.saying("#95", " ")))
                .isEqualTo(Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "empty-reference"));
    }
}
