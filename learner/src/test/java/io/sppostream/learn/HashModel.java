package io.sppostream.learn;

import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A policy whose training step is a hash of weights, optimizer state, step and samples in order. Losing a sample, training
 * it twice or out of order, or starting from other weights makes other weights.
 */
final class HashModel implements TrainableModel {
    private final long[] weights;
    private final long[] optimizer;
    private int processor;

    /** @param words number of 8-byte words in the weights; the optimizer state has half as many, plus one */
    HashModel(int words) {
        weights = new long[words];
        optimizer = new long[words / 2 + 1];
        for (int i = 0; i < words; i++) {
            weights[i] = mix(i);
        }
    }

    /** Trains as on another processor, whose sums differ in the last bits; 0 is that of the constructor. */
    HashModel on(int another) {
        processor = another;
        return this;
    }

    /** The finalizer of SplitMix64 (Steele et al., 2014). */
    private static long mix(long z) {
        z = (z + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static long mix(long digest, long[] values) {
        for (long value : values) {
            digest = mix(digest ^ value);
        }
        return digest;
    }

    @Override
    public ModelKind kind() {
        return ModelKind.POLICY;
    }

    @Override
    public String config() {
        return "{}";
    }

    @Override
    public Map<String, Double> train(int step, String fromSha256, List<TrainingSample> order) {
        long digest = mix(mix(step, weights), optimizer);
        for (TrainingSample sample : order) {
            digest = mix(digest ^ sample.getRollout().getRolloutId().hashCode() ^ ((long) versionOf(sample) << 32));
        }
        for (int i = 0; i < optimizer.length; i++) {
            optimizer[i] = mix(optimizer[i] ^ (digest + i));
        }
        for (int i = 0; i < weights.length; i++) {
            weights[i] ^= mix(optimizer[i % optimizer.length] + i) >>> 40;
        }
        weights[0] ^= processor;
        optimizer[0] ^= processor;
        Map<String, Double> metrics = new HashMap<>();
        metrics.put("effective_sample_size", (digest >>> 11) * 0x1p-53);
        return metrics;
    }

    @Override
    public int versionOf(TrainingSample sample) {
        return sample.getRollout().getPolicySegments().get(0).getPolicyVersion();
    }

    @Override
    public Instant usedAt(TrainingSample sample) {
        return sample.getRollout().getSampledAt();
    }

    @Override
    public long parameters() {
        return 0;
    }

    @Override
    public void writeWeights(WritableByteChannel out) throws IOException {
        write(weights, out);
    }

    @Override
    public void readWeights(ReadableByteChannel in) throws IOException {
        read(in, weights);
    }

    @Override
    public void writeOptimizer(WritableByteChannel out) throws IOException {
        write(optimizer, out);
    }

    @Override
    public void readOptimizer(ReadableByteChannel in) throws IOException {
        read(in, optimizer);
    }

    private static void write(long[] words, WritableByteChannel out) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Long.BYTES);
        bytes.asLongBuffer().put(words);
        out.write(bytes);
    }

    private static void read(ReadableByteChannel in, long[] words) throws IOException {
        byte[] bytes = Channels.newInputStream(in).readAllBytes();
        if (bytes.length != words.length * Long.BYTES) {
            throw new IOException("expected " + words.length + " words of 8 bytes, but got " + bytes.length + " bytes");
        }
        ByteBuffer.wrap(bytes).asLongBuffer().get(words);
    }

    @Override
    public void close() {}
}
