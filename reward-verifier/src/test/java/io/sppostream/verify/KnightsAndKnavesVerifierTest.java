package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.VerdictStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KnightsAndKnavesVerifierTest {
    private static final String REFERENCE = "Ada is a knight, Bruno is a knave, Chloe is a knight";

    private final Verifier verifier = new KnightsAndKnavesVerifier();

    private Judgement judge(String text) {
        return verifier.judge(Rollouts.saying(text, REFERENCE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Ada is a knight, Bruno is a knave, Chloe is a knight",
                "Chloe is a knight; Ada is a knight; Bruno is a knave.",
                "Ada is a knight, Bruno is a knave and Chloe is a knight.",
                "Ada is a knight, Bruno is a knave, and Chloe is a knight",
                "(1) Ada is a knight\n(2) Bruno is a knave\n(3) Chloe is a knight",
                "\n1. Ada is a knight\n2. Bruno is a knave\n3. Chloe is a knight\n",
                "- **Ada**: knight\n- **Bruno**: knave\n- **Chloe**: knight",
                "ADA IS A KNIGHT, bruno is a Knave, Chloe  is a\tknight",
            })
    void shouldBeCorrectWhenEachPersonHasTheRightRole(String answer) {
        assertThat(judge("Suppose <b>Ada</b> lies ... so <answer>" + answer + "</answer> is it."))
                .isEqualTo(Judgement.correct(answer.strip(), "roles"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Ada is a knave, Bruno is a knave, Chloe is a knight",
                "Ada is a knight, Bruno is a knight, Chloe is a knave"
            })
    void shouldBeIncorrectWhenARoleIsWrong(String answer) {
        assertThat(judge("<answer>" + answer + "</answer>"))
                .isEqualTo(Judgement.wrong(VerdictStatus.INCORRECT, answer, "roles"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Ada is a knight, Bruno is a knave | other-people",
                "Ada is a knight, Bruno is a knave, Chloe is a knight, Dan is a knave | other-people",
                "Ada is a knight, Bruno is a knave, Claire is a knight | other-people",
                "Ada is a knight, Bruno is a knave, Chloe is a knight, Bruno is a knave | malformed",
                "Ada is a knight, Bruno is a knave, Chloe is a knight, Bruno is a knight | malformed",
                "Ada is a knight or a knave, Bruno is a knave, Chloe is a knight | malformed",
                "If Ada is a knight, Bruno is a knave, Chloe is a knight | malformed",
                "Ada is not a knave, Bruno is a knave, Chloe is a knight | malformed",
                "Ada and Chloe are knights, Bruno is a knave | malformed",
                "Ada is a spy, Bruno is a knave, Chloe is a knight | malformed",
                "I am not sure | malformed"
            })
    void shouldBeUnparseableWhenAPersonHasNoneOrSeveralRoles(String answer, String rule) {
        assertThat(judge("<answer>" + answer + "</answer>"))
                .isEqualTo(Judgement.wrong(VerdictStatus.UNPARSEABLE_ANSWER, answer, rule));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                REFERENCE,
                "<answer>" + REFERENCE,
                "<answer>" + REFERENCE + "</answer> Or rather <answer>Ada is a kni",
                "</answer>" + REFERENCE + "<answer>"
            })
    void shouldFindNoAnswerWhenTheTagsAreMissingOrCutOff(String text) {
        assertThat(judge(text)).isEqualTo(Judgement.wrong(VerdictStatus.NO_ANSWER, null, "no-answer-tags"));
    }

    @Test
    void shouldJudgeTheLastAnswerWhenThereAreSeveral() {
        String wrong = "<answer>Ada is a knave, Bruno is a knave, Chloe is a knight</answer>";
        String right = "<answer>" + REFERENCE + "</answer>";

        assertThat(judge(wrong + " No: " + right).status()).isEqualTo(VerdictStatus.CORRECT);
        assertThat(judge(right + " No: " + wrong).status()).isEqualTo(VerdictStatus.INCORRECT);
    }

    @Test
    void shouldJudgeACompleteAnswerWhenTheResponseWasCutOffAfterIt() {
        String text = "<answer>" + REFERENCE + "</answer> Let me check";

        assertThat(verifier.judge(Rollouts.of("r-1", "islands", text, REFERENCE, FinishReason.LENGTH))
                        .status())
                .isEqualTo(VerdictStatus.CORRECT);
    }

    @Test
    void shouldRefuseALongAnswerAtOnce() {
        assertThat(judge("<answer>" + "1. Ada is a knight, ".repeat(100_000) + "</answer>")
                        .status())
                .isEqualTo(VerdictStatus.UNPARSEABLE_ANSWER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "82", "Ada is a knight, Ada is a knave"})
    void shouldNotJudgeWhenTheReferenceHasNoRoles(String reference) {
        assertThat(verifier.judge(Rollouts.saying("<answer>" + REFERENCE + "</answer>", reference)))
                .isEqualTo(Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "roles-of-reference"));
    }
}
