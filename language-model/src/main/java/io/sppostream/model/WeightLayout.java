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
        RESIDUAL,
        /** The matrix A of an adapter. */
        ADAPTER
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

        /** Whether it is one of the matrices whose products may be computed in bfloat16. */
        boolean isMatrixOfLayer() {
            return shape().length == 2 && parts.get(0).name().startsWith("model.layers.");
        }

        /** Whether it is the matrix of a language model's logits, and not the embedding as well. */
        boolean isLanguageModelHead() {
            return parts.get(0).name().equals("lm_head.weight");
        }
    }

    /** What PEFT puts before the name of a module of the base model. */
    private static final String PEFT = "base_model.model.";

    /** The number of weights that the adapters of a layer have. */
    private static final int ADAPTERS = 8;

    static WeightLayout of(ModelConfig config, Head head) {
        return of(config, head, 0);
    }

    /** @param rank of the adapters; 0 for none */
    static WeightLayout of(ModelConfig config, Head head, int rank) {
        long hidden = config.hiddenSize();
        List<Fused> tensors = new ArrayList<>();
        tensors.add(fused(Initial.EMBEDDING, new Part("model.embed_tokens.weight", config.vocabularySize(), hidden)));
        for (int layer = 0; layer < config.layers(); layer++) {
            tensors.addAll(layer(config, layer, rank));
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

    /** The weights of one layer; their number depends on the architecture, not on the layer. */
    static List<Fused> layer(ModelConfig config, int layer, int rank) {
        long hidden = config.hiddenSize();
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long wide = config.intermediateSize();
        List<Fused> tensors = new ArrayList<>();
        String name = "model.layers." + layer + ".";
        tensors.add(fused(Initial.ONES, new Part(name + "input_layernorm.weight", hidden)));
        tensors.add(fused(
                Initial.PROJECTION,
                new Part(name + "self_attn.q_proj.weight", queries, hidden),
                new Part(name + "self_attn.k_proj.weight", keys, hidden),
                new Part(name + "self_attn.v_proj.weight", keys, hidden)));
        if (config.architecture().hasBiases()) {
            tensors.add(fused(
                    Initial.ZEROS,
                    new Part(name + "self_attn.q_proj.bias", queries),
                    new Part(name + "self_attn.k_proj.bias", keys),
                    new Part(name + "self_attn.v_proj.bias", keys)));
        }
        if (config.architecture().hasHeadNorms()) {
            tensors.add(fused(Initial.ONES, new Part(name + "self_attn.q_norm.weight", config.headSize())));
            tensors.add(fused(Initial.ONES, new Part(name + "self_attn.k_norm.weight", config.headSize())));
        }
        tensors.add(fused(Initial.RESIDUAL, new Part(name + "self_attn.o_proj.weight", hidden, queries)));
        tensors.add(fused(Initial.ONES, new Part(name + "post_attention_layernorm.weight", hidden)));
        tensors.add(fused(
                Initial.PROJECTION,
                new Part(name + "mlp.gate_proj.weight", wide, hidden),
                new Part(name + "mlp.up_proj.weight", wide, hidden)));
        tensors.add(fused(Initial.RESIDUAL, new Part(name + "mlp.down_proj.weight", hidden, wide)));
        if (rank > 0) {
            tensors.addAll(adapters(config, PEFT + name, rank));
        }
        return tensors;
    }

    /** A and B of the query, key and value, the output, the gate and up, and the down projection, as PEFT names them. */
    private static List<Fused> adapters(ModelConfig config, String name, long rank) {
        long hidden = config.hiddenSize();
        long queries = (long) config.heads() * config.headSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long wide = config.intermediateSize();
        List<Fused> tensors = new ArrayList<>();
        for (List<Part> projections : List.of(
                List.of(
                        new Part("self_attn.q_proj", queries, hidden),
                        new Part("self_attn.k_proj", keys, hidden),
                        new Part("self_attn.v_proj", keys, hidden)),
                List.of(new Part("self_attn.o_proj", hidden, queries)),
                List.of(new Part("mlp.gate_proj", wide, hidden), new Part("mlp.up_proj", wide, hidden)),
                List.of(new Part("mlp.down_proj", hidden, wide)))) {
            tensors.add(new Fused(
                    Initial.ADAPTER,
                    projections.stream()
                            .map(each -> new Part(name + each.name() + ".lora_A.weight", rank, each.shape()[1]))
                            .toList()));
            tensors.add(new Fused(
                    Initial.ZEROS,
                    projections.stream()
                            .map(each -> new Part(name + each.name() + ".lora_B.weight", each.shape()[0], rank))
                            .toList()));
        }
        return tensors;
    }

    /** The index of the output projection in a layer; three weights and the adapters follow it. */
    static int outputProjection(List<Fused> layer) {
        return layer.size() - 4 - (isAdapter(layer.get(layer.size() - 1)) ? ADAPTERS : 0);
    }

    /** Whether a tensor belongs to an adapter. */
    static boolean isAdapter(Fused fused) {
        return fused.parts().get(0).name().startsWith(PEFT);
    }

    private static Fused fused(Initial initial, Part... parts) {
        return new Fused(initial, List.of(parts));
    }
}
