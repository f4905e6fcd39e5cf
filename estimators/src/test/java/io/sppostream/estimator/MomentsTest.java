package io.sppostream.estimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MomentsTest {
    @Test
    void shouldBeThoseOfTheTrainedTokensWhenSomeAreNot() {
        Moments moments = Moments.of(Segments.of(new double[] {1, 100, 2, 3}, new boolean[] {true, false, true, true}));

        assertThat(moments.tokens()).isEqualTo(3);
        assertThat(moments.mean()).isCloseTo(2, within(1e-15));
        assertThat(moments.variance()).isCloseTo(1, within(1e-15));
    }

    @Test
    void shouldBeThoseOfAllWhenMiniBatchesAreMerged() {
        double[] all = {0.1, 0.9, -0.3, 0.4, 0.4, 0.7, -1};
        Moments merged = Moments.of(Segments.of(new double[] {0.1, 0.9, -0.3}))
                .plus(Moments.NONE)
                .plus(Moments.of(Segments.of(new double[] {0.4, 0.4, 0.7, -1})));
        Moments once = Moments.of(Segments.of(all));

        assertThat(merged.tokens()).isEqualTo(7);
        assertThat(merged.mean()).isCloseTo(once.mean(), within(1e-15));
        assertThat(merged.squares()).isCloseTo(once.squares(), within(1e-14));
    }

    @Test
    void shouldLeaveAdvantagesAsTheyAreWhenOneTokenIsTrained() {
        Segments one = Segments.uniform(1, 0.25);

        assertThat(Moments.of(one).canWhiten()).isFalse();
        assertThat(Moments.of(one).whiten(one)).isSameAs(one);
        assertThatThrownBy(() -> Moments.of(one).variance()).hasMessage("the variance of 1 tokens is not defined");
    }

    @Test
    void shouldWhitenToZeroWhenAllAdvantagesAreEqual() {
        Segments equal = Segments.uniform(5, 0.3);

        assertThat(Moments.of(equal).whiten(equal)).isEqualTo(Segments.uniform(5, 0));
    }
}
