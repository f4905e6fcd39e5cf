package io.sppostream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a model, as {@code config.json} describes it.
 *
 * @param architecture the family
 * @param vocabularySize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param layers transformer blocks
 * @param heads query heads
 * @param keyValueHeads key and value heads, each shared by {@code heads / keyValueHeads} query heads
 * @param headSize width of a head
 * @param intermediateSize width of the feed-forward layers
 * @param maxPositions longest sequence
 * @param tiedEmbeddings whether the output layer is the embedding
 * @param rmsNormEpsilon added to the mean square in every norm
 * @param ropeTheta base of the rotary position embedding's wavelengths
 * @param ropeScaling change of these wavelengths for long contexts; null for none
 */
public record ModelConfig(
        Architecture architecture,
        int vocabularySize,
        int hiddenSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headSize,
        int intermediateSize,
        int maxPositions,
        boolean tiedEmbeddings,
        double rmsNormEpsilon,
        double ropeTheta,
        @Nullable RopeScaling ropeScaling) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public ModelConfig {
        requirePositive("vocabularySize", vocabularySize);
        requirePositive("hiddenSize", hiddenSize);
        requirePositive("layers", layers);
        requirePositive("heads", heads);
        requirePositive("keyValueHeads", keyValueHeads);
        requirePositive("headSize", headSize);
        requirePositive("intermediateSize", intermediateSize);
        requirePositive("maxPositions", maxPositions);
        if (headSize % 2 != 0) {
            throw new IllegalArgumentException("headSize must be even, got " + headSize);
        }
        if (heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "heads " + heads + " must be a multiple of keyValueHeads, " + keyValueHeads);
        }
        if (!(rmsNormEpsilon > 0) || !(ropeTheta > 0)) {
            throw new IllegalArgumentException(
                    "rmsNormEpsilon and ropeTheta must be positive, got " + rmsNormEpsilon + " and " + ropeTheta);
        }
    }

    /** A Qwen2 model whose heads share the hidden size, without rope scaling. */
    public ModelConfig(
            int vocabularySize,
            int hiddenSize,
            int layers,
            int heads,
            int keyValueHeads,
            int intermediateSize,
            int maxPositions,
            boolean tiedEmbeddings,
            double rmsNormEpsilon,
            double ropeTheta) {
        this(
                Architecture.QWEN2,
                vocabularySize,
                hiddenSize,
                layers,
                heads,
                keyValueHeads,
                shareOf(hiddenSize, heads),
                intermediateSize,
                maxPositions,
                tiedEmbeddings,
                rmsNormEpsilon,
                ropeTheta,
                null);
    }

    /** The size of a head if the heads share the hidden size. */
    private static int shareOf(int hiddenSize, int heads) {
        requirePositive("heads", heads);
        if (hiddenSize % (2 * heads) != 0) {
            throw new IllegalArgumentException(
                    "hiddenSize " + hiddenSize + " must be a multiple of twice the heads, " + heads);
        }
        return hiddenSize / heads;
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }

    /** This shape with another number of layers. */
    public ModelConfig withLayers(int number) {
        return new ModelConfig(
                architecture,
                vocabularySize,
                hiddenSize,
                number,
                heads,
                keyValueHeads,
                headSize,
                intermediateSize,
                maxPositions,
                tiedEmbeddings,
                rmsNormEpsilon,
                ropeTheta,
                ropeScaling);
    }

    /**
     * Reads {@code config.json} as transformers 4 ({@code rope_theta}, {@code torch_dtype}) or 5 ({@code
     * rope_parameters}, {@code dtype}) writes it.
     *
     * @throws CheckpointException if the file is missing or malformed, or describes an unsupported model
     */
    public static ModelConfig read(Path file) {
        JsonNode json;
        try {
            json = JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new CheckpointException(file + " is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException("Can't read " + file + ": a checkpoint in Hugging Face layout has one", e);
        }
        if (!json.isObject()) {
            throw new CheckpointException(file + " is not a JSON object");
        }
        Architecture architecture = architecture(json, file);
        requireSupported(json, architecture, file);
        int hidden = integer(json, "hidden_size", file);
        int heads = integer(json, "num_attention_heads", file);
        JsonNode rope = rope(json, file);
        try {
            return new ModelConfig(
                    architecture,
                    integer(json, "vocab_size", file),
                    hidden,
                    integer(json, "num_hidden_layers", file),
                    heads,
                    json.hasNonNull("num_key_value_heads") ? integer(json, "num_key_value_heads", file) : heads,
                    headSize(json, architecture, hidden, heads, file),
                    integer(json, "intermediate_size", file),
                    integer(json, "max_position_embeddings", file),
                    json.path("tie_word_embeddings").asBoolean(false),
                    json.path("rms_norm_eps").asDouble(1e-6),
                    rope.path("rope_theta").asDouble(json.path("rope_theta").asDouble(10_000)),
                    ropeScaling(rope, file));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file + ": " + e.getMessage(), e);
        }
    }

    private static Architecture architecture(JsonNode json, Path file) {
        String type = json.path("model_type").asText("");
        return Architecture.of(type)
                .orElseThrow(() -> new CheckpointException(file + ": model_type '" + type
                        + "' is not supported; use a checkpoint of "
                        + Arrays.stream(Architecture.values())
                                .map(Architecture::modelType)
                                .collect(Collectors.joining(", "))
                        + " (Qwen2, Qwen2.5, DeepSeek-R1-Distill, Qwen3, Llama 2 and 3, SmolLM2, Mistral)"));
    }

    private static void requireSupported(JsonNode json, Architecture architecture, Path file) {
        if (json.path("use_sliding_window").asBoolean(false)) {
            throw new CheckpointException(file + ": use_sliding_window is not supported, only full attention is");
        }
        // Qwen's sliding_window is unused without use_sliding_window; Mistral's is 4,096 if it is absent.
        if (architecture == Architecture.MISTRAL && !json.path("sliding_window").isNull()) {
            int window = json.path("sliding_window").asInt(4096);
            if (window < json.path("max_position_embeddings").asInt()) {
                throw new CheckpointException(file + ": sliding_window " + window + " is not supported, only full"
                        + " attention is; a max_position_embeddings of at most " + window + " makes them equal");
            }
        }
        for (JsonNode layer : json.path("layer_types")) {
            if (!layer.asText().equals("full_attention")) {
                throw new CheckpointException(
                        file + ": layer type '" + layer.asText() + "' is not supported, only full_attention is");
            }
        }
        if (architecture != Architecture.QWEN2 && json.path("attention_bias").asBoolean(false)) {
            throw new CheckpointException(file + ": attention_bias true is not supported for "
                    + architecture.modelType() + ", only false is");
        }
        if (json.path("mlp_bias").asBoolean(false)) {
            throw new CheckpointException(file + ": mlp_bias true is not supported, only false is");
        }
        String activation = json.path("hidden_act").asText("silu");
        if (!activation.equals("silu")) {
            throw new CheckpointException(file + ": hidden_act '" + activation + "' is not supported, only silu is");
        }
        if (json.hasNonNull("quantization_config")) {
            throw new CheckpointException(
                    file + ": quantised checkpoints are not supported; use the one in F32, F16 or BF16");
        }
    }

    private static int headSize(JsonNode json, Architecture architecture, int hidden, int heads, Path file) {
        if (json.hasNonNull("head_dim")) {
            return integer(json, "head_dim", file);
        }
        return architecture.defaultHeadSize() > 0 ? architecture.defaultHeadSize() : shareOf(hidden, heads);
    }

    /** {@code rope_parameters} of transformers 5, or {@code rope_scaling} of transformers 4, which may be absent. */
    private static JsonNode rope(JsonNode json, Path file) {
        JsonNode rope = json.hasNonNull("rope_parameters") ? json.get("rope_parameters") : json.path("rope_scaling");
        double rotated = rope.path("partial_rotary_factor")
                .asDouble(json.path("partial_rotary_factor").asDouble(1));
        if (rotated != 1) {
            throw new CheckpointException(file + ": partial_rotary_factor " + rotated + " is not supported, only 1 is");
        }
        return rope;
    }

    private static @Nullable RopeScaling ropeScaling(JsonNode rope, Path file) {
        String type = rope.path("rope_type").asText(rope.path("type").asText("default"));
        return switch (type) {
            case "default" -> null;
            case "llama3" ->
                new RopeScaling(
                        number(rope, "factor", file),
                        number(rope, "low_freq_factor", file),
                        number(rope, "high_freq_factor", file),
                        integer(rope, "original_max_position_embeddings", file));
            default ->
                throw new CheckpointException(
                        file + ": rope type '" + type + "' is not supported, only default and llama3 are");
        };
    }

    private static double number(JsonNode json, String name, Path file) {
        JsonNode value = json.path(name);
        if (!value.isNumber()) {
            throw new CheckpointException(
                    file + ": " + name + " must be a number, got " + (value.isMissingNode() ? "nothing" : value));
        }
        return value.asDouble();
    }

    private static int integer(JsonNode json, String name, Path file) {
        JsonNode value = json.path(name);
        if (!value.isInt()) {
            throw new CheckpointException(
                    file + ": " + name + " must be an integer, got " + (value.isMissingNode() ? "nothing" : value));
        }
        return value.asInt();
    }

    /** @throws IllegalArgumentException if a token is not in the vocabulary */
    void requireTokens(int[] tokens) {
        for (int token : tokens) {
            if (token < 0 || token >= vocabularySize) {
                throw new IllegalArgumentException("Token " + token + " is not in the model's vocabulary of "
                        + vocabularySize + "; was it made by another tokenizer?");
            }
        }
    }

    /**
     * This configuration as {@code config.json}, readable by transformers 4 and 5.
     *
     * @param className the class of transformers
     */
    ObjectNode toJson(String className) {
        ObjectNode json = JSON.createObjectNode();
        json.putArray("architectures").add(className);
        json.put("model_type", architecture.modelType());
        json.put("vocab_size", vocabularySize);
        json.put("hidden_size", hiddenSize);
        json.put("num_hidden_layers", layers);
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", keyValueHeads);
        if (architecture != Architecture.QWEN2 || headSize * heads != hiddenSize) {
            json.put("head_dim", headSize);
        }
        json.put("intermediate_size", intermediateSize);
        json.put("max_position_embeddings", maxPositions);
        json.put("tie_word_embeddings", tiedEmbeddings);
        json.put("rms_norm_eps", rmsNormEpsilon);
        json.put("rope_theta", ropeTheta);
        ObjectNode rope = json.putObject("rope_parameters");
        if (ropeScaling == null) {
            rope.put("rope_type", "default");
        } else {
            ropeScaling.write(rope);
            ropeScaling.write(json.putObject("rope_scaling"));
        }
        rope.put("rope_theta", ropeTheta);
        json.put("hidden_act", "silu");
        json.put("attention_dropout", 0.0);
        switch (architecture) {
            case QWEN2, QWEN3 -> json.put("use_sliding_window", false).putNull("sliding_window");
            case MISTRAL -> json.putNull("sliding_window");
            case LLAMA -> json.put("mlp_bias", false);
        }
        if (architecture == Architecture.QWEN3 || architecture == Architecture.LLAMA) {
            json.put("attention_bias", false);
        }
        json.put("torch_dtype", "float32");
        json.put("dtype", "float32");
        return json;
    }
}
