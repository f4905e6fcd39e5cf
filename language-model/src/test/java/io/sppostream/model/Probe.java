package io.sppostream.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Looks inside models, for tests. */
final class Probe {

    private Probe() {}

    /** [vocabulary] log-probabilities of the next token, through the path that training takes. */
    static float[] logSoftmaxAfter(PolicyModel policy, int[] ids) {
        List<TokenSequence> each = new ArrayList<>();
        for (int token = 0; token < policy.config().vocabularySize(); token++) {
            each.add(new TokenSequence(ids, new int[] {token}));
        }
        float[][] logProbs = policy.logProbs(each, 1);
        float[] result = new float[logProbs.length];
        for (int token = 0; token < result.length; token++) {
            result[token] = logProbs[token][0];
        }
        return result;
    }

    /** Index of the largest value; the first of several. */
    static int best(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }

    static float[] logSoftmax(float[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        float[] result = new float[logits.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (float) (logits[i] - max - Math.log(sum));
        }
        return result;
    }

    /** Sum of a weight's elements. */
    static double sum(Transformer model, String name) {
        double[] sum = new double[1];
        access(model, name, false, window -> {
            while (window.hasRemaining()) {
                sum[0] += window.getFloat();
            }
        });
        return sum[0];
    }

    /** Replaces a weight. */
    static void set(Transformer model, String name, float[] values) {
        access(model, name, true, window -> window.asFloatBuffer().put(values));
    }

    private static void access(Transformer model, String name, boolean write, Tensors.Window window) {
        NamedSlice slice = model.slices().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElseThrow();
        try {
            if (write) {
                Tensors.fill(slice.storage(), slice.start(), slice.count(), window);
            } else {
                Tensors.read(slice.storage(), slice.start(), slice.count(), window);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
