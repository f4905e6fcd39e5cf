package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How the program draws tokens from distributions. */
class TokenDrawTest {

    private static final float[] PROBABILITIES = {0.1f, 0, 0.4f, 0.2f, 0.3f};

    @SuppressWarnings("NullAway.Init")
    private static PolicyModel policy;

    @BeforeAll
    static void open() {
        policy = PolicyModel.random(TestModels.POLICY, 7, TestModels.settings());
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    /** Rows of the same distribution, a uniform each: each a token and its probability. */
    private static float[] choose(float[] distribution, double topP, int topK, double... uniforms) {
        float[] rows = new float[uniforms.length * distribution.length];
        for (int i = 0; i < uniforms.length; i++) {
            System.arraycopy(distribution, 0, rows, i * distribution.length, distribution.length);
        }
        Shape shape = new Shape(uniforms.length, distribution.length);
        try (NDManager scratch = policy.model().manager().newSubManager();
                NDArray probabilities = Tensors.of(scratch, rows, shape);
                NDArray uniform = Tensors.of(scratch, uniforms, new Shape(uniforms.length, 1));
                IValue result = policy.model()
                        .program()
                        .run(
                                "choose",
                                TorchProgram.tensor(probabilities),
                                TorchProgram.tensor(uniform),
                                IValue.from(Arrays.stream(uniforms).anyMatch(u -> u < 0) ? 1L : 0L),
                                IValue.from(1.0),
                                IValue.from(topP),
                                IValue.from((long) topK));
                NDArray tensor = result.toTensor((PtNDManager) scratch)) {
            return Tensors.toFloats(tensor);
        }
    }

    private static List<Integer> tokens(double... uniforms) {
        float[] drawn = choose(PROBABILITIES, 1, 0, uniforms);
        return IntStream.range(0, uniforms.length)
                .mapToObj(i -> (int) drawn[2 * i])
                .toList();
    }

    private static int draw(float[] distribution, double uniform) {
        return (int) choose(distribution, 1, 0, uniform)[0];
    }

    private static Set<Integer> reachable(double topP, int topK) {
        float[] drawn = choose(
                PROBABILITIES,
                topP,
                topK,
                new SplittableRandom(1).doubles(1_000).toArray());
        Set<Integer> tokens = new TreeSet<>();
        for (int i = 0; i < 1_000; i++) {
            tokens.add((int) drawn[2 * i]);
            assertThat(drawn[2 * i + 1]).isEqualTo(PROBABILITIES[(int) drawn[2 * i]]);
        }
        return tokens;
    }

    @Test
    void shouldTakeTheMostProbableTokenOfAGreedyRow() {
        assertThat(tokens(0, -1, SampledRow.LARGEST_UNIFORM)).containsExactly(0, 2, 4);
        assertThat(draw(new float[] {0.2f, 0.4f, 0.4f}, -1))
                .as("the first of several")
                .isEqualTo(1);
    }

    @Test
    void shouldInvertTheCumulativeDistribution() {
        assertThat(tokens(0, 0.0999, 0.1001, 0.6999, SampledRow.LARGEST_UNIFORM))
                .containsExactly(0, 0, 2, 3, 4);
    }

    @Test
    void shouldNeverDrawAnImpossibleToken() {
        assertThat(reachable(1, 0)).containsExactly(0, 2, 3, 4);
        assertThat(draw(new float[] {0, 1, 0}, SampledRow.LARGEST_UNIFORM)).isEqualTo(1);
        assertThat(draw(new float[] {0, 1, 0}, 0)).isEqualTo(1);
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

    @Test
    void shouldDrawSomeTokenFromADistributionThatIsNaN() {
        float[] nan = new float[5];
        Arrays.fill(nan, Float.NaN);
        assertThat(draw(nan, 0.5)).isBetween(0, 4);
    }
}
