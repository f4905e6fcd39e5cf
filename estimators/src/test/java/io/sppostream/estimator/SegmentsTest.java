package io.sppostream.estimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SegmentsTest {
    @Test
    void shouldMergeNeighboursWhenTheirAdvantagesAndMasksAreEqual() {
        Segments segments =
                Segments.of(new double[] {0.5, 0.5, 0.5, -1, -1}, new boolean[] {true, true, false, true, true});

        assertThat(segments).hasToString("[0, 2): 0.5, [2, 3): 0.5 not trained, [3, 5): -1.0");
        assertThat(segments.length()).isEqualTo(5);
        assertThat(segments.trainedTokens()).isEqualTo(4);
    }

    @Test
    void shouldReturnEveryTokenWhenAskedPerToken() {
        double[] advantages = {0.5, 0.5, 0, -1};
        boolean[] trained = {true, false, false, true};

        assertThat(Segments.of(advantages, trained).perToken()).isEqualTo(advantages);
        assertThat(Segments.of(advantages, trained).trainedPerToken()).isEqualTo(trained);
    }

    @Test
    void shouldBeEqualWhenBuiltFromTokensOrAsOne() {
        assertThat(Segments.of(new double[] {0.25, 0.25, 0.25}))
                .isEqualTo(Segments.uniform(3, 0.25))
                .hasSameHashCodeAs(Segments.uniform(3, 0.25))
                .isNotEqualTo(Segments.uniform(4, 0.25));
    }

    @Test
    void shouldGiveTokensThatAreNotTrainedZeroWhenMapped() {
        Segments segments = Segments.of(new double[] {1, 2}, new boolean[] {true, false});

        assertThat(segments.map(advantage -> 3 * advantage).perToken()).containsExactly(3, 0);
    }

    @Test
    void shouldRefuseWhenThereAreNoTokensOrTheMaskHasAnotherLength() {
        assertThatThrownBy(() -> Segments.uniform(0, 1)).hasMessage("a response of 0 tokens has no advantages");
        assertThatThrownBy(() -> Segments.of(new double[2], new boolean[3])).hasMessage("a mask of 3 for 2 advantages");
    }
}
