package io.sppostream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The shape of a Transformer model, as {@code config.json} describes it.
 *
 * @param vocabularySize rows of the embedding
 * @param hiddenSize width of the residual stream
 * @param layers transformer blocks
 * @param heads query heads; a head's width is {@code hiddenSize / heads}
 * @param keyValueHeads key and value heads, each shared by {@code heads / keyValueHeads} query heads
 * @param intermediateSize width of the feed-forward layers
 * @param maxPositions longest sequence
 * @param tiedEmbeddings whether the output layer is the embedding
 * @param rmsNormEpsilon added to the mean square in every norm
 * @param ropeTheta base of the rotary position embedding's wavelengths
 */
public record ModelConfig(
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

    private static final ObjectMapper JSON = new ObjectMapper();

    public ModelConfig {
        requirePositive("vocabularySize", vocabularySize);
        requirePositive("hiddenSize", hiddenSize);
        requirePositive("layers", layers);
        requirePositive("heads", heads);
        requirePositive("keyValueHeads", keyValueHeads);
        requirePositive("intermediateSize", intermediateSize);
        requirePositive("maxPositions", maxPositions);
        if (hiddenSize % (2 * heads) != 0) {
            throw new IllegalArgumentException(
                    "hiddenSize " + hiddenSize + " must be a multiple of twice the heads, " + heads);
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

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, got " + value);
        }
    }

    /** Width of one head. */
    public int headSize() {
        return hiddenSize / heads;
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
        requireSupported(json, file);
        int hidden = integer(json, "hidden_size", file);
        int heads = integer(json, "num_attention_heads", file);
        try {
            ModelConfig config = new ModelConfig(
                    integer(json, "vocab_size", file),
                    hidden,
                    integer(json, "num_hidden_layers", file),
                    heads,
                    json.hasNonNull("num_key_value_heads") ? integer(json, "num_key_value_heads", file) : heads,
                    integer(json, "intermediate_size", file),
                    integer(json, "max_position_embeddings", file),
                    json.path("tie_word_embeddings").asBoolean(false),
                    json.path("rms_norm_eps").asDouble(1e-6),
                    ropeTheta(json, file));
            if (json.hasNonNull("head_dim") && integer(json, "head_dim", file) != config.headSize()) {
                throw new CheckpointException(file + ": head_dim " + json.get("head_dim")
                        + " is not supported, only hidden_size / num_attention_heads = " + config.headSize());
            }
            return config;
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file + ": " + e.getMessage(), e);
        }
    }

    private static void requireSupported(JsonNode json, Path file) {
        String type = json.path("model_type").asText("");
        if (!type.equals("qwen2")) {
            throw new CheckpointException(file + ": model_type '" + type + "' is not supported, only qwen2 is"
                    + " (Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen)");
        }
        if (json.path("use_sliding_window").asBoolean(false)) {
            throw new CheckpointException(file + ": use_sliding_window is not supported, only full attention is");
        }
        for (JsonNode layer : json.path("layer_types")) {
            if (!layer.asText().equals("full_attention")) {
                throw new CheckpointException(
                        file + ": layer type '" + layer.asText() + "' is not supported, only full_attention is");
            }
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

    private static double ropeTheta(JsonNode json, Path file) {
        // transformers 5 has rope_parameters; 4 has rope_theta and, if positions are scaled, rope_scaling.
        JsonNode parameters =
                json.hasNonNull("rope_parameters") ? json.get("rope_parameters") : json.path("rope_scaling");
        String type =
                parameters.path("rope_type").asText(parameters.path("type").asText("default"));
        if (!type.equals("default")) {
            throw new CheckpointException(file + ": rope type '" + type + "' is not supported, only default is");
        }
        if (parameters.path("rope_theta").isNumber()) {
            return parameters.get("rope_theta").asDouble();
        }
        return json.path("rope_theta").asDouble(10_000);
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

    /** This configuration as {@code config.json} of a causal language model, readable by transformers 4 and 5. */
    ObjectNode toJson(String architecture) {
        ObjectNode json = JSON.createObjectNode();
        json.putArray("architectures").add(architecture);
        json.put("model_type", "qwen2");
        json.put("vocab_size", vocabularySize);
        json.put("hidden_size", hiddenSize);
        json.put("num_hidden_layers", layers);
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", keyValueHeads);
        json.put("intermediate_size", intermediateSize);
        json.put("max_position_embeddings", maxPositions);
        json.put("tie_word_embeddings", tiedEmbeddings);
        json.put("rms_norm_eps", rmsNormEpsilon);
        json.put("rope_theta", ropeTheta);
        json.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", ropeTheta);
        json.put("hidden_act", "silu");
        json.put("attention_dropout", 0.0);
        json.put("use_sliding_window", false);
        json.putNull("sliding_window");
        json.put("torch_dtype", "float32");
        json.put("dtype", "float32");
        return json;
    }
}
