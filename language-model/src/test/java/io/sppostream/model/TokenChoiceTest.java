package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TokenChoiceTest {

    private static final float[] PROBABILITIES = {0.1f, 0, 0.4f, 0.2f, 0.3f};

    private static Set<Integer> reachable(double topP, int topK) {
        Set<Integer> tokens = new TreeSet<>();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 1_000; i++) {
            tokens.add(TokenChoice.draw(PROBABILITIES, topP, topK, random.nextDouble()));
        }
        return tokens;
    }

    @Test
    void shouldTakeTheMostProbableToken() {
        assertThat(TokenChoice.best(PROBABILITIES)).isEqualTo(2);
        assertThat(TokenChoice.best(new float[] {1, 2, 2})).isEqualTo(1);
    }

    @Test
    void shouldInvertTheCumulativeDistribution() {
        assertThat(TokenChoice.draw(PROBABILITIES, 1, 0, 0)).isEqualTo(0);
        assertThat(TokenChoice.draw(PROBABILITIES, 1, 0, 0.0999)).isEqualTo(0);
        assertThat(TokenChoice.draw(PROBABILITIES, 1, 0, 0.1001)).isEqualTo(2);
        assertThat(TokenChoice.draw(PROBABILITIES, 1, 0, 0.6999)).isEqualTo(3);
        assertThat(TokenChoice.draw(PROBABILITIES, 1, 0, Math.nextDown(1.0))).isEqualTo(4);
    }

    @Test
    void shouldNeverDrawAnImpossibleToken() {
        assertThat(reachable(1, 0)).containsExactly(0, 2, 3, 4);
        assertThat(TokenChoice.draw(new float[] {0, 1, 0}, 1, 0, Math.nextDown(1.0)))
                .isEqualTo(1);
        assertThat(TokenChoice.draw(new float[] {0, 1, 0}, 1, 0, 0)).isEqualTo(1);
    }

    @Test
    void shouldKeepTheMostProbableTokens() {
        assertThat(reachable(1, 2)).containsExactly(2, 4);
        assertThat(reachable(1, 1)).containsExactly(2);
        assertThat(reachable(1, 99)).containsExactly(0, 2, 3, 4);
    }

    @Test
    void shouldKeepTheSmallestSetThatReachesTheMass() {
        assertThat(reachable(0.39, 0)).containsExactly(2);
        assertThat(reachable(0.5, 0)).containsExactly(2, 4);
        assertThat(reachable(0.75, 0)).containsExactly(2, 3, 4);
        assertThat(reachable(0.5, 2)).containsExactly(2);
    }
}
