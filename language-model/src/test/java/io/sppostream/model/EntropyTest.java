package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The entropies that a loss receives, of small vocabularies and of those whose logits are computed in chunks. */
class EntropyTest {
    private static final double TEMPERATURE = 0.7;

    /** Keeps the entropies of a batch, and has a gradient of 0. */
    private static final class Entropies implements TokenLoss {
        private final float[][] values;

        Entropies(int sequences) {
            values = new float[sequences][];
        }

        @Override
        public synchronized void entropies(int sequence, float[] entropies) {
            values[sequence] = entropies;
        }

        @Override
        public float[] gradient(int sequence, float[] outputs) {
            assertThat(values[sequence]).hasSameSizeAs(outputs);
            return new float[outputs.length];
        }
    }

    private static ModelConfig config(int vocabulary) {
        return new ModelConfig(vocabulary, 16, 2, 2, 1, 24, 64, true, 1e-6, 10_000);
    }

    private static float[][] entropies(PolicyModel policy, TrainingSettings settings, List<TokenSequence> batch) {
        Entropies entropies = new Entropies(batch.size());
        try (PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, settings)) {
            trainer.update(batch, TEMPERATURE, 0, entropies);
        }
        return entropies.values;
    }

    /** -sum p log p of the token after a prefix, from the log-probability of each token of the vocabulary. */
    private static double byEveryToken(PolicyModel policy, int[] prefix) {
        List<TokenSequence> all = new ArrayList<>();
        for (int token = 0; token < policy.config().vocabularySize(); token++) {
            all.add(new TokenSequence(prefix, new int[] {token}));
        }
        double entropy = 0;
        for (float[] logProb : policy.logProbs(all, TEMPERATURE)) {
            entropy -= Math.exp(logProb[0]) * logProb[0];
        }
        return entropy;
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 5000})
    void shouldBeThoseOfTheWholeVocabulary(int vocabulary) {
        ModelConfig config = config(vocabulary);
        assertThat(LargeModels.logitRows(config, true) > 0).isEqualTo(vocabulary > 4096);
        SplittableRandom random = new SplittableRandom(5);
        List<TokenSequence> batch = List.of(
                new TokenSequence(TestModels.tokens(random, 3, config), TestModels.tokens(random, 2, config)),
                new TokenSequence(TestModels.tokens(random, 1, config), TestModels.tokens(random, 1, config)));
        try (PolicyModel policy = PolicyModel.random(config, 1, TestModels.settings())) {
            float[][] actual = entropies(policy, new TrainingSettings(48, 2, false), batch);

            for (int i = 0; i < batch.size(); i++) {
                int[] prompt = batch.get(i).prompt();
                int[] response = batch.get(i).response();
                for (int t = 0; t < response.length; t++) {
                    int[] prefix = Arrays.copyOf(prompt, prompt.length + t);
                    System.arraycopy(response, 0, prefix, prompt.length, t);
                    assertThat((double) actual[i][t]).isCloseTo(byEveryToken(policy, prefix), within(1e-4));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 5000})
    void shouldNotDependOnTheThreadsOrTheCheckpointing(int vocabulary) {
        ModelConfig config = config(vocabulary);
        SplittableRandom random = new SplittableRandom(7);
        List<TokenSequence> batch = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            batch.add(new TokenSequence(
                    TestModels.tokens(random, random.nextInt(1, 9), config),
                    TestModels.tokens(random, random.nextInt(1, 20), config)));
        }
        try (PolicyModel policy = PolicyModel.random(config, 1, TestModels.settings())) {
            float[][] one = entropies(policy, new TrainingSettings(64, 1, false), batch);
            assertThat(entropies(policy, new TrainingSettings(64, 3, false), batch))
                    .isDeepEqualTo(one);
            float[][] checkpointed = entropies(policy, new TrainingSettings(64, 2, true), batch);
            for (int i = 0; i < one.length; i++) {
                assertThat(checkpointed[i]).containsExactly(one[i], within(1e-5f));
            }
        }
    }

    /** A model of one layer whose sizes make every term countable by hand. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCountOperationsByHand(boolean adapters) {
        // d = 4, H = 2, G = 1, s = 2, f = 8: query, key and value 4 x 8, output 4 x 4, feed-forward 3 x 4 x 8.
        ModelConfig config = new ModelConfig(11, 4, 1, 2, 1, 8, 64, true, 1e-6, 10_000);
        double weights = 2 * 5 * (32 + 16 + 96) + 2 * 3 * 4 * 11;
        double attention = 2 * 4 * 5 * 5;

        assertThat(new TrainingFlops(config, 11, adapters).of(5, 3))
                .isEqualTo((adapters ? 2 : 3) * weights + 3 * attention);
    }
}
