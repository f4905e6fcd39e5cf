package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradeStatus;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MathVerifierTest {
    private final Verifier verifier = new MathVerifier(GradingProfile.MATH);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "so \\boxed{\\frac{1}{2}} | 0.5 | CORRECT | 1 | \\frac{1}{2}",
                "so \\boxed{0.4} | 0.5 | INCORRECT | 0 | 0.4",
                "so it is 0.5 | 0.5 | NO_ANSWER | 0 | null",
                "so \\boxed{\\frac{1}{} | 0.5 | NO_ANSWER | 0 | null",
                "so \\boxed{\\frac{1}{)}} | 0.5 | UNPARSEABLE_ANSWER | 0 | \\frac{1}{)}",
                "so \\boxed{0.5} | \\frac{1}{2 | UNPARSEABLE_REFERENCE | null | 0.5",
            })
    void shouldTranslateTheGradeWhenAResponseIsJudged(
            String text, String reference, VerdictStatus status, Double reward, String extracted) {
        Judgement judgement = verifier.judge(Rollouts.saying(text, reference));

        assertThat(judgement.status()).isEqualTo(status);
        assertThat(judgement.reward()).isEqualTo(reward);
        assertThat(judgement.extracted()).isEqualTo(extracted);
    }

    @ParameterizedTest
    @EnumSource
    void shouldKeepTheStatusWhenAGradeIsTranslated(GradeStatus status) {
        Judgement judgement = MathVerifier.judgement(new Grade(status, "7", "integer"));

        assertThat(judgement.status().name()).isEqualTo(status.name());
        assertThat(judgement.extracted()).isEqualTo("7");
        assertThat(judgement.rule()).isEqualTo("integer");
    }

    @Test
    void shouldSignWithProfileAndVersionWhenAsked() {
        assertThat(verifier.name()).isEqualTo("math");
        assertThat(verifier.version()).isEqualTo(MathGrader.VERSION);
        assertThat(new MathVerifier(GradingProfile.GSM8K).name()).isEqualTo("math:gsm8k");
    }

    @ParameterizedTest
    @CsvSource({"82, STOP, CORRECT", "82, LENGTH, INCORRECT", "eighty, LENGTH, NO_ANSWER"})
    void shouldNotCountTheLastNumberWhenTheResponseWasCutOff(
            String text, FinishReason finishReason, VerdictStatus status) {
        Verifier lastNumber = new MathVerifier(GradingProfile.GSM8K_FLEXIBLE);

        assertThat(lastNumber
                        .judge(Rollouts.of("r-1", "arithmetic", text, "82", finishReason))
                        .status())
                .isEqualTo(status);
    }

    @Test
    void shouldExtractAsTheProfileSaysWhenItIsNotMath() {
        assertThat(new MathVerifier(GradingProfile.GSM8K)
                        .judge(Rollouts.saying("so\n#### 72", "72"))
                        .status())
                .isEqualTo(VerdictStatus.CORRECT);
        assertThat(verifier.judge(Rollouts.saying("so\n#### 72", "72")).status())
                .isEqualTo(VerdictStatus.NO_ANSWER);
    }

    @Test
    void shouldFindNoAnswerInThinkingThatWasCutOffWhenThePromptOpenedIt() {
        Verifier thinking = verifier.with(Map.of("thinking", "prompt"));

        assertThat(thinking.judge(Rollouts.saying("so \\boxed{7}", "7")))
                .isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "unclosed-thinking"));
        assertThat(thinking.judge(Rollouts.saying("so 8</think> \\boxed{7}", "7"))
                        .status())
                .isEqualTo(VerdictStatus.CORRECT);
        assertThat(thinking.name()).isEqualTo("math");
        assertThat(VerifierCatalogue.builtIn(thinking)).isTrue();
    }

    @Test
    void shouldFindNoAnswerInThinkingThatWasCutOffWhenTheLastMessageOpenedIt() {
        Rollout rollout = Rollout.newBuilder(Rollouts.saying("so \\boxed{7}", "7"))
                .setMessages(List.of(new Message("user", "3 + 4?"), new Message("assistant", "<think>\n")))
                .build();

        assertThat(verifier.judge(rollout).status()).isEqualTo(VerdictStatus.NO_ANSWER);
    }

    @Test
    void shouldFindNoAnswerInThinkingThatWasCutOffWhenTheChatTemplateOpenedIt() {
        Rollout rollout = Rollout.newBuilder(Rollouts.saying("so \\boxed{7}", "7"))
                .setPromptOpensThinking(true)
                .build();

        assertThat(verifier.judge(rollout))
                .isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "unclosed-thinking"));
        assertThat(verifier.with(Map.of("thinking", "response")).judge(rollout).status())
                .isEqualTo(VerdictStatus.CORRECT);
    }

    @Test
    void shouldSayWhatIsWrongWhenASettingIsNotKnown() {
        assertThatThrownBy(() -> verifier.with(Map.of("thinking", "always")))
                .hasMessage("thinking = always: none of auto, response and prompt");
        assertThatThrownBy(() -> verifier.with(Map.of("think", "prompt")))
                .hasMessage("it takes one setting, thinking, but got think");
    }
}
