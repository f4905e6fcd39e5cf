package io.sppostream.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a model and their layout in memory. Tensors that are multiplied with the same input are fused into one
 * matrix, which saves matrix products; by name they are still the tensors of a Hugging Face checkpoint. Immutable.
 *
 * @param tensors in the order the TorchScript program expects them
 */
record WeightLayout(List<Fused> tensors) {

    /** The output that a model computes from its last hidden state. */
    enum Head {
        /** Logits over the vocabulary. */
        LANGUAGE_MODEL,
        /** One number: the weights {@code score.weight} and {@code score.bias} of a token classifier of one label. */
        SCORE
    }

    /** How a fresh tensor is initialised. */
    enum Initial {
        ZEROS,
        ONES,
        EMBEDDING,
        PROJECTION,
        /** A projection whose result is added to the residual stream. */
        RESIDUAL
    }

    /** A tensor of a checkpoint. */
    record Part(String name, long... shape) {}

    /** A tensor in memory: its parts, concatenated along the first dimension. */
    record Fused(Initial initial, List<Part> parts) {

        long[] shape() {
            long[] shape = parts.get(0).shape().clone();
            shape[0] = parts.stream().mapToLong(part -> part.shape()[0]).sum();
            return shape;
        }
    }

    static WeightLayout of(ModelConfig config, Head head) {
        long hidden = config.hiddenSize();
        List<Fused> tensors = new ArrayList<>();
        tensors.add(fused(Initial.EMBEDDING, new Part("model.embed_tokens.weight", config.vocabularySize(), hidden)));
        for (int layer = 0; layer < config.layers(); layer++) {
            tensors.addAll(layer(config, layer));
        }
        tensors.add(fused(Initial.ONES, new Part("model.norm.weight", hidden)));
        switch (head) {
            case LANGUAGE_MODEL -> {
                if (!config.tiedEmbeddings()) {
                    tensors.add(fused(Initial.EMBEDDING, new Part("lm_head.weight", config.vocabularySize(), hidden)));
                }
            }
            case SCORE -> {
                tensors.add(fused(Initial.ZEROS, new Part("score.weight", 1, hidden)));
                tensors.add(fused(Initial.ZEROS, new Part("score.bias", 1)));
            }
        }
        return new WeightLayout(List.copyOf(tensors));
    }

    /** The weights of one layer. Every layer has the same number of them. */
    static List<Fused> layer(ModelConfig config, int layer) {
        long hidden = config.hiddenSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long wide = config.intermediateSize();
        List<Fused> tensors = new ArrayList<>();
        String name = "model.layers." + layer + ".";
        tensors.add(fused(Initial.ONES, new Part(name + "input_layernorm.weight", hidden)));
        tensors.add(fused(
                Initial.PROJECTION,
                new Part(name + "self_attn.q_proj.weight", hidden, hidden),
                new Part(name + "self_attn.k_proj.weight", keys, hidden),
                new Part(name + "self_attn.v_proj.weight", keys, hidden)));
        tensors.add(fused(
                Initial.ZEROS,
                new Part(name + "self_attn.q_proj.bias", hidden),
                new Part(name + "self_attn.k_proj.bias", keys),
                new Part(name + "self_attn.v_proj.bias", keys)));
        tensors.add(fused(Initial.RESIDUAL, new Part(name + "self_attn.o_proj.weight", hidden, hidden)));
        tensors.add(fused(Initial.ONES, new Part(name + "post_attention_layernorm.weight", hidden)));
        tensors.add(fused(
                Initial.PROJECTION,
                new Part(name + "mlp.gate_proj.weight", wide, hidden),
                new Part(name + "mlp.up_proj.weight", wide, hidden)));
        tensors.add(fused(Initial.RESIDUAL, new Part(name + "mlp.down_proj.weight", hidden, wide)));
        return tensors;
    }

    /** The index of the output projection in a layer; three weights follow it. */
    static int outputProjection(List<Fused> layer) {
        return layer.size() - 4;
    }

    private static Fused fused(Initial initial, Part... parts) {
        return new Fused(initial, List.of(parts));
    }
}
