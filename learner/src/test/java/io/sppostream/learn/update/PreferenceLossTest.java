package io.sppostream.learn.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreferenceLossTest {
    private static final double H = 1e-6;

    private final PreferenceLoss loss = new PreferenceLoss(0.3, 50);

    @Test
    void shouldBeIndifferentAtTheReference() {
        PreferenceLoss.Pair pair = loss.pair(-4, -4, -7, -7);

        assertThat(pair.margin()).isZero();
        assertThat(pair.loss()).isCloseTo(Math.log(2), within(1e-15));
        assertThat(pair.ofPreferred()).isEqualTo(-0.15);
        assertThat(pair.ofRejected()).isEqualTo(0.15);
    }

    @Test
    void shouldBeTheLossOfDpoWithoutAPenalty() {
        double margin = 0.3 * ((-5 + 4) - (-9 + 7));
        assertThat(new PreferenceLoss(0.3, 0).pair(-5, -4, -9, -7).loss())
                .isCloseTo(-Math.log(1 / (1 + Math.exp(-margin))), within(1e-12));
    }

    @Test
    void shouldPenalizeAPreferredResponseThatBecomesLessLikely() {
        // -1 - (-2) - 50 * 1
        assertThat(loss.pair(-5, -4, -9, -7).margin()).isCloseTo(0.3 * -49, within(1e-12));
        assertThat(loss.pair(-3, -4, -9, -7).margin()).isCloseTo(0.3 * 3, within(1e-12));
    }

    @ParameterizedTest
    @CsvSource({"-5, -4, -9, -7", "-3, -4, -9, -7", "-4.01, -4, -7, -9", "-2, -4, -3, -9", "-40, -4, -1, -9"})
    void shouldHaveTheDerivativesOfItsLoss(
            double preferred, double preferredReference, double rejected, double rejectedReference) {
        PreferenceLoss.Pair pair = loss.pair(preferred, preferredReference, rejected, rejectedReference);

        assertThat(pair.ofPreferred())
                .isCloseTo(
                        (loss.pair(preferred + H, preferredReference, rejected, rejectedReference)
                                                .loss()
                                        - loss.pair(preferred - H, preferredReference, rejected, rejectedReference)
                                                .loss())
                                / (2 * H),
                        within(1e-4));
        assertThat(pair.ofRejected())
                .isCloseTo(
                        (loss.pair(preferred, preferredReference, rejected + H, rejectedReference)
                                                .loss()
                                        - loss.pair(preferred, preferredReference, rejected - H, rejectedReference)
                                                .loss())
                                / (2 * H),
                        within(1e-4));
    }

    @Test
    void shouldStayFiniteWhereTheSigmoidVanishes() {
        PreferenceLoss.Pair pair = loss.pair(-2000, -4, -1, -4000);
        assertThat(pair.loss()).isFinite().isCloseTo(-pair.margin(), within(1e-9));
        assertThat(pair.ofPreferred()).isCloseTo(-0.3 * 51, within(1e-12));
        assertThat(loss.pair(-1, -4000, -4000, -1).ofPreferred()).isZero();
    }
}
