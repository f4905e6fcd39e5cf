package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sppostream.estimator.Moments;
import java.util.List;
import org.junit.jupiter.api.Test;

class WhiteningTest {
    private static final List<PolicySample> ORDER = List.of(
            Samples.of("a", "++-", new double[] {1, 2, 100}, -1, -1, -1),
            Samples.of("b", "-", new double[] {-100}, -1),
            Samples.of("c", "-++", new double[] {50, 4, 5}, -1, -1, -1));

    /** 1, 2, 4 and 5 have mean 3 and unbiased variance 10 / 3. */
    @Test
    void shouldTakeTheMomentsOfTrainedTokens() {
        Moments moments = Whitening.moments(ORDER);

        assertThat(moments.tokens()).isEqualTo(4);
        assertThat(moments.mean()).isCloseTo(3, within(1e-12));
        assertThat(moments.variance()).isCloseTo(10 / 3.0, within(1e-12));
        assertThat(Whitening.metrics(moments))
                .containsEntry("advantage_tokens", 4.0)
                .containsEntry("advantage_mean", moments.mean())
                .containsEntry("advantage_variance", moments.variance());
    }

    @Test
    void shouldHaveMeanZeroAndVarianceOneAfterwards() {
        double deviation = Math.sqrt(10 / 3.0 + 1e-8);

        List<PolicySample> whitened = Whitening.whiten(ORDER, Whitening.moments(ORDER));

        assertThat(whitened.get(0).advantages())
                .containsExactly(new double[] {-2 / deviation, -1 / deviation, 0}, within(1e-12));
        assertThat(whitened.get(1).advantages()).containsExactly(0);
        assertThat(whitened.get(2).advantages())
                .containsExactly(new double[] {0, 1 / deviation, 2 / deviation}, within(1e-12));
        Moments after = Whitening.moments(whitened);
        assertThat(after.mean()).isCloseTo(0, within(1e-12));
        assertThat(after.variance()).isCloseTo(1, within(1e-7));
    }

    @Test
    void shouldLeaveAdvantagesWhenOneTokenIsTrained() {
        List<PolicySample> one = List.of(Samples.of("a", "+-", new double[] {2, 3}, -1, -1));

        assertThat(Whitening.whiten(one, Whitening.moments(one)).get(0).advantages())
                .containsExactly(2, 3);
        assertThat(Whitening.metrics(Whitening.moments(one))).doesNotContainKey("advantage_variance");
    }
}
