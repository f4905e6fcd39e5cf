package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MicroBatchTest {

    @Test
    void shouldReadThePositionBeforeEachResponseToken() {
        TokenSequence first = new TokenSequence(new int[] {1, 2}, new int[] {3, 4, 5});
        TokenSequence second = new TokenSequence(new int[] {6}, new int[] {7});
        MicroBatch piece = MicroBatch.ofSequences(List.of(second, first), 100).get(0);
        assertThat(piece.members()).containsExactly(1, 0);
        assertThat(piece.ids()).containsExactly(1, 2, 3, 4, 6, 0, 0, 0);
        assertThat(piece.read()).containsExactly(1, 2, 3, 4);
        assertThat(piece.targets()).containsExactly(3, 4, 5, 7);
        assertThat(piece.outputsOf(0, new float[] {.1f, .2f, .3f, .4f})).containsExactly(.1f, .2f, .3f);
        assertThat(piece.outputsOf(1, new float[] {.1f, .2f, .3f, .4f})).containsExactly(.4f);
    }

    @Test
    void shouldReadTheLastPositionOfPrompts() {
        MicroBatch piece = MicroBatch.ofScored(TestModels.scored(List.of(new int[] {1}, new int[] {2, 3})), 100)
                .get(0);
        assertThat(piece.ids()).containsExactly(2, 3, 1, 0);
        assertThat(piece.read()).containsExactly(1, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 64, 500, 100_000})
    void shouldCoverEverySequenceOnceWithinTheLimit(int tokens) {
        List<TokenSequence> batch = TestModels.sequences(200, 3);
        List<Integer> members = new ArrayList<>();
        int padding = 0;
        int total = 0;
        for (MicroBatch piece : MicroBatch.ofSequences(batch, tokens)) {
            IntStream.of(piece.members()).forEach(members::add);
            assertThat(piece.members().length == 1 || piece.ids().length <= tokens)
                    .isTrue();
            for (int member : piece.members()) {
                int inputs =
                        batch.get(member).prompt().length + batch.get(member).response().length - 1;
                padding += piece.length() - inputs;
                total += inputs;
            }
        }
        assertThat(members).hasSize(200).doesNotHaveDuplicates();
        if (tokens <= 64) {
            assertThat(padding).isLessThan(total / 10);
        }
    }

    @Test
    void shouldMakePiecesOfAboutEqualCost() {
        List<MicroBatch> pieces = MicroBatch.ofSequences(TestModels.sequences(256, 3), 1280);
        int longest =
                pieces.stream().mapToInt(piece -> piece.ids().length).max().orElseThrow();
        int shortest =
                pieces.stream().mapToInt(piece -> piece.ids().length).min().orElseThrow();
        assertThat(pieces).hasSize(2);
        assertThat(shortest).isGreaterThan(longest * 2 / 3);
    }
}
