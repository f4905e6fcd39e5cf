package io.sppostream.model;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Models small enough for tests, and things to feed them. */
public final class TestModels {

    static final ModelConfig POLICY = new ModelConfig(11, 32, 2, 4, 2, 48, 128, true, 1e-6, 10_000);
    static final ModelConfig CRITIC = new ModelConfig(11, 16, 2, 2, 2, 24, 128, true, 1e-6, 10_000);
    public static final OptimizerSettings ADAM = new OptimizerSettings(0.9, 0.99, 1e-8, 0.01, 0.5);

    private static final String DEVICE = System.getProperty("model.device", "cpu");

    private TestModels() {}

    /** Single precision on the CPU, or on the device {@code -Dmodel.device=gpu}. */
    static ModelSettings settings() {
        return settings(ModelSettings.Precision.FLOAT32);
    }

    static ModelSettings settings(ModelSettings.Precision precision) {
        return new ModelSettings(DEVICE, precision);
    }

    public static int[] tokens(SplittableRandom random, int length, ModelConfig config) {
        return random.ints(length, 0, config.vocabularySize()).toArray();
    }

    /** Prompts of 1 to 7 and responses of 1 to 5 tokens. */
    public static List<TokenSequence> sequences(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sequences.add(new TokenSequence(
                    tokens(random, random.nextInt(1, 8), POLICY), tokens(random, random.nextInt(1, 6), POLICY)));
        }
        return sequences;
    }

    @FunctionalInterface
    interface Writing {
        void to(WritableByteChannel out) throws IOException;
    }

    static byte[] bytes(Writing writing) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            writing.to(Channels.newChannel(out));
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ReadableByteChannel channel(byte[] bytes) {
        return Channels.newChannel(new ByteArrayInputStream(bytes));
    }

    /** Prompts, each with one value after its last token. */
    static List<ScoredTokens> scored(List<int[]> prompts) {
        return prompts.stream().map(ScoredTokens::ofPrompt).toList();
    }
}
