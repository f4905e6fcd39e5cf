package io.sppostream.model;

import java.util.Arrays;
import java.util.Map;

/**
 * The transformer on plain Java arrays, one sequence at a time: slow, but easy to verify.
 *
 * @param weights by their Hugging Face names, row by row
 */
record PlainTransformer(ModelConfig config, Map<String, double[]> weights) {

    private double[] weight(String name) {
        double[] weight = weights.get(name);
        if (weight == null) {
            throw new IllegalArgumentException("No weight " + name);
        }
        return weight;
    }

    /** Logits [vocabulary] after the last token. */
    double[] logits(int[] ids) {
        int d = config.hiddenSize();
        double[][] x = new double[ids.length][d];
        for (int t = 0; t < ids.length; t++) {
            System.arraycopy(weight("model.embed_tokens.weight"), ids[t] * d, x[t], 0, d);
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String name = "model.layers." + layer + ".";
            double[][] attention = attention(x, name);
            for (int t = 0; t < x.length; t++) {
                x[t] = sum(x[t], times(weight(name + "self_attn.o_proj.weight"), attention[t]));
                double[] h = norm(x[t], weight(name + "post_attention_layernorm.weight"));
                double[] gate = times(weight(name + "mlp.gate_proj.weight"), h);
                double[] up = times(weight(name + "mlp.up_proj.weight"), h);
                for (int i = 0; i < gate.length; i++) {
                    up[i] *= gate[i] / (1 + Math.exp(-gate[i]));
                }
                x[t] = sum(x[t], times(weight(name + "mlp.down_proj.weight"), up));
            }
        }
        double[] last = norm(x[x.length - 1], weight("model.norm.weight"));
        return times(weight(config.tiedEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight"), last);
    }

    private double[][] attention(double[][] x, String name) {
        int size = config.headSize();
        double[][] queries = new double[x.length][];
        double[][] keys = new double[x.length][];
        double[][] values = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            double[] h = norm(x[t], weight(name + "input_layernorm.weight"));
            queries[t] = rotate(heads(project(h, name + "self_attn.q_proj"), name + "self_attn.q_norm"), t);
            keys[t] = rotate(heads(project(h, name + "self_attn.k_proj"), name + "self_attn.k_norm"), t);
            values[t] = project(h, name + "self_attn.v_proj");
        }
        double[][] out = new double[x.length][config.heads() * size];
        for (int head = 0; head < config.heads(); head++) {
            int q = head * size;
            int k = head / (config.heads() / config.keyValueHeads()) * size;
            for (int t = 0; t < x.length; t++) {
                double[] scores = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double dot = 0;
                    for (int i = 0; i < size; i++) {
                        dot += queries[t][q + i] * keys[s][k + i];
                    }
                    scores[s] = Math.exp(dot / Math.sqrt(size));
                    sum += scores[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < size; i++) {
                        out[t][q + i] += scores[s] / sum * values[s][k + i];
                    }
                }
            }
        }
        return out;
    }

    private double[] project(double[] h, String name) {
        double[] projected = times(weight(name + ".weight"), h);
        return config.architecture().hasBiases() ? sum(projected, weight(name + ".bias")) : projected;
    }

    /** Normalises every head, if the architecture does. */
    private double[] heads(double[] x, String name) {
        if (!config.architecture().hasHeadNorms()) {
            return x;
        }
        int size = config.headSize();
        double[] out = new double[x.length];
        for (int at = 0; at < x.length; at += size) {
            double[] head = norm(Arrays.copyOfRange(x, at, at + size), weight(name + ".weight"));
            System.arraycopy(head, 0, out, at, size);
        }
        return out;
    }

    private double[] rotate(double[] x, int position) {
        int half = config.headSize() / 2;
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            int within = i % config.headSize();
            double angle = position * Math.pow(config.ropeTheta(), -(double) (within % half) / half);
            double other = within < half ? -x[i + half] : x[i - half];
            out[i] = x[i] * Math.cos(angle) + other * Math.sin(angle);
        }
        return out;
    }

    private double[] norm(double[] x, double[] weight) {
        double square = 0;
        for (double each : x) {
            square += each * each / x.length;
        }
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = x[i] / Math.sqrt(square + config.rmsNormEpsilon()) * weight[i];
        }
        return out;
    }

    /** A matrix, row by row, times a vector. */
    private static double[] times(double[] matrix, double[] x) {
        double[] out = new double[matrix.length / x.length];
        for (int row = 0; row < out.length; row++) {
            for (int i = 0; i < x.length; i++) {
                out[row] += matrix[row * x.length + i] * x[i];
            }
        }
        return out;
    }

    private static double[] sum(double[] a, double[] b) {
        double[] out = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            out[i] = a[i] + b[i];
        }
        return out;
    }
}
