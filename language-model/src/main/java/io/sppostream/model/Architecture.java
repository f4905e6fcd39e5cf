package io.sppostream.model;

import java.util.Arrays;
import java.util.Optional;

/**
 * The model families that one transformer covers, by what they differ in. All have pre-normalisation with RMS norms,
 * rotary positions, grouped-query attention and gated feed-forward layers with SiLU.
 */
public enum Architecture {

    /** Qwen2 and Qwen2.5 (arXiv 2407.10671): query, key and value projections have biases. */
    QWEN2("qwen2", "Qwen2", true, false, 0),
    /** Qwen3 (arXiv 2505.09388): every query and key head is normalised before it is rotated. */
    QWEN3("qwen3", "Qwen3", false, true, 128),
    /** Llama 2 and 3 (arXiv 2407.21783), SmolLM2. */
    LLAMA("llama", "Llama", false, false, 0),
    /** Mistral (arXiv 2310.06825), without sliding window. */
    MISTRAL("mistral", "Mistral", false, false, 0);

    private final String modelType;
    private final String className;
    private final boolean biases;
    private final boolean headNorms;
    private final int defaultHeadSize;

    Architecture(String modelType, String className, boolean biases, boolean headNorms, int defaultHeadSize) {
        this.modelType = modelType;
        this.className = className;
        this.biases = biases;
        this.headNorms = headNorms;
        this.defaultHeadSize = defaultHeadSize;
    }

    /** The architecture of {@code model_type} in {@code config.json}. */
    static Optional<Architecture> of(String modelType) {
        return Arrays.stream(values())
                .filter(each -> each.modelType.equals(modelType))
                .findFirst();
    }

    /** {@code model_type} in {@code config.json}. */
    String modelType() {
        return modelType;
    }

    /** The class of transformers with a language-model head. */
    String causalLanguageModel() {
        return className + "ForCausalLM";
    }

    /** The class of transformers with a score for each token. */
    String tokenClassification() {
        return className + "ForTokenClassification";
    }

    /** Whether query, key and value projections have biases. */
    boolean hasBiases() {
        return biases;
    }

    /** Whether query and key heads are normalised. */
    boolean hasHeadNorms() {
        return headNorms;
    }

    /** The size of a head if {@code config.json} has no {@code head_dim}; 0 for hidden size / heads. */
    int defaultHeadSize() {
        return defaultHeadSize;
    }
}
