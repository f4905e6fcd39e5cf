package io.sppostream.verify.math.read;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AnswerExtractorTest {

    @Test
    void shouldTakeTheLastBoxWhenThereAreSeveral() {
        assertThat(extracted("First \\boxed{1}, but rather \\boxed{2}.")).isEqualTo("2");
    }

    @Test
    void shouldCountBracesWhenABoxHoldsGroups() {
        assertThat(extracted("\\boxed{\\frac{1}{\\sqrt{2}}} holds")).isEqualTo("\\frac{1}{\\sqrt{2}}");
        assertThat(extracted("\\fbox{\\{1, 2\\}}")).isEqualTo("\\{1, 2\\}");
    }

    @Test
    void shouldJoinBoxesWhenOnlySeparatorsAreBetweenThem() {
        assertThat(extracted("$\\boxed{1}$ and $\\boxed{-2}$")).isEqualTo("1, -2");
        assertThat(extracted("$x = \\boxed{1}, \\quad y = \\boxed{2}$")).isEqualTo("1, 2");
        assertThat(extracted("\\boxed{1} is wrong \\boxed{2}")).isEqualTo("2");
    }

    @Test
    void shouldIgnoreTheAnswerLineWhenABoxExists() {
        assertThat(extracted("Answer: 25. \\boxed{see above}")).isEqualTo("see above");
        assertThat(extracted("Answer: 25. \\boxed{2")).isNull();
    }

    @Test
    void shouldIgnoreTheThinkingWhenItIsClosed() {
        assertThat(extracted("<think>\\boxed{1}</think> \\boxed{2}")).isEqualTo("2");
        assertThat(extracted("<think>\\boxed{1}</think> I don't know.")).isNull();
    }

    @Test
    void shouldFindNothingWhenTheThinkingNeverEnds() {
        assertThat(extracted("<think>Surely \\boxed{1}")).isNull();
        assertThat(extracted("<think>a</think> <think>\\boxed{1}")).isNull();
    }

    @Test
    void shouldFindNothingWhenThePromptOpenedTheThinkingAndTheResponseWasCutOff() {
        assertThat(AnswerExtractor.afterThinking("Surely \\boxed{1}", true)).isNull();
        assertThat(AnswerExtractor.afterThinking("Surely</think> \\boxed{1}", true))
                .isEqualTo(" \\boxed{1}");
        assertThat(AnswerExtractor.afterThinking("a</think> <think>\\boxed{1}", true))
                .isNull();
        assertThat(AnswerExtractor.afterThinking("Surely \\boxed{1}", false)).isEqualTo("Surely \\boxed{1}");
    }

    @Test
    void shouldIncludeThePercentSignWhenItFollowsTheBox() {
        assertThat(extracted("$\\boxed{28}$ percent")).isEqualTo("28\\%");
        assertThat(extracted("$\\boxed{28\\%}$ percent")).isEqualTo("28\\%");
    }

    @Test
    void shouldTakeTheAnswerLineWhenThereIsNoBox() {
        assertThat(extracted("Reasoning.\n**Answer: 34**")).isEqualTo("34");
        assertThat(extracted("Reasoning.\nAnswer: 34.")).isEqualTo("34");
        assertThat(extracted("**Final Answer:** 34")).isEqualTo("34");
    }

    @Test
    void shouldReadHashesOnlyWhenTheProfileDoes() {
        assertThat(AnswerExtractor.fromResponse("So 36 + 36.\n#### 72.", Extraction.MARKED_OR_HASHES))
                .isEqualTo("72");
        assertThat(extracted("So 36 + 36.\n#### 72.")).isNull();
    }

    @Test
    void shouldReadTheAnswerOfAWholeSolutionWhenItIsTheReference() {
        assertThat(AnswerExtractor.fromReference("So \\boxed{72}.")).isEqualTo("72");
        assertThat(AnswerExtractor.fromReference("So 36 + 36.\n#### 72")).isEqualTo(" 72");
        assertThat(AnswerExtractor.fromReference("72")).isEqualTo("72");
        assertThat(AnswerExtractor.fromReference("We add 3 and 4. The answer is $7$."))
                .isEqualTo("7");
        assertThat(AnswerExtractor.fromReference("We add 3 and 4. Therefore, we get 3 + 4 = 7."))
                .isEqualTo("3 + 4 = 7");
    }

    @Test
    void shouldKeepTheWholeReferenceWhenItDoesNotConclude() {
        assertThat(AnswerExtractor.fromReference("No solution")).isEqualTo("No solution");
        assertThat(AnswerExtractor.fromReference("Monday at 5")).isEqualTo("Monday at 5");
        assertThat(AnswerExtractor.fromReference("Every point is on it. The circle has radius 5."))
                .isEqualTo("Every point is on it. The circle has radius 5.");
    }

    @Test
    void shouldNeverTakeTheLastNumberWhenAResponseEndsInProse() {
        assertThat(extracted("So there are 12 of them.")).isNull();
    }

    private static @Nullable String extracted(String response) {
        String text = AnswerExtractor.afterThinking(response, false);
        return text == null ? null : AnswerExtractor.fromResponse(text, Extraction.MARKED);
    }
}
