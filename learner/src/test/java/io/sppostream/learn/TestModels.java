package io.sppostream.learn;

import io.sppostream.model.ModelConfig;
import io.sppostream.model.OptimizerSettings;
import io.sppostream.model.TokenSequence;
import io.sppostream.model.TrainingSettings;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A model small enough for tests, and inputs for it. */
public final class TestModels {
    public static final ModelConfig CONFIG = new ModelConfig(11, 16, 2, 2, 2, 24, 64, true, 1e-6, 10_000);
    public static final OptimizerSettings ADAM = new OptimizerSettings(0.9, 0.99, 1e-8, 0, 1);
    public static final TrainingSettings TRAINING = new TrainingSettings(48, 2, false);

    private TestModels() {}

    public static int[] tokens(SplittableRandom random, int length) {
        return random.ints(length, 0, CONFIG.vocabularySize()).toArray();
    }

    /** Prompts of 1 to 7 and responses of 1 to 5 tokens. */
    public static List<TokenSequence> sequences(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return IntStream.range(0, count)
                .mapToObj(i ->
                        new TokenSequence(tokens(random, random.nextInt(1, 8)), tokens(random, random.nextInt(1, 6))))
                .toList();
    }
}
