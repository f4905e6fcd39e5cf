package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.TokenText;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VinePpoEstimatorTest {
    private static int[] starts(List<String> tokens, String separator, int maxSteps) {
        int[] starts = IntStream.range(0, tokens.size())
                .map(t -> String.join("", tokens.subList(0, t)).length())
                .toArray();
        return VinePpoEstimator.stepStarts(new TokenText(String.join("", tokens), starts), separator, maxSteps);
    }

    @Test
    void shouldBeginAStepBehindEachSeparatorWhenTheTextHasSeveral() {
        assertThat(starts(List.of("a", "\n", "b", "c\n", "d"), "\n", 25)).containsExactly(0, 2, 4);
    }

    @Test
    void shouldBeginWithTheNextTokenWhenOneSpansTheSeparator() {
        assertThat(starts(List.of("a", ".\n\nSo", " b", "\n\nc", "d"), "\n\n", 25))
                .containsExactly(0, 2, 4);
    }

    @Test
    void shouldEndOneStepWhenSeparatorsFollowEachOther() {
        assertThat(starts(List.of("a", "\n", "\n", "\n", "b"), "\n", 25)).containsExactly(0, 4);
    }

    @Test
    void shouldBeginNoStepWhenTheSeparatorEndsTheText() {
        assertThat(starts(List.of("a", "\n", ""), "\n", 25))
                .as("an end token follows")
                .containsExactly(0);
    }

    @Test
    void shouldBeOneStepWhenThereIsNoSeparator() {
        assertThat(starts(List.of("a", "b"), "\n", 25)).containsExactly(0);
    }

    @Test
    void shouldExtendTheLastStepWhenThereAreTooMany() {
        assertThat(starts(List.of("a\n", "b\n", "c\n", "d"), "\n", 2)).containsExactly(0, 1);
    }
}
