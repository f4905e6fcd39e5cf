package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.UserException;
import io.sppostream.model.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/** Checkpoints of Qwen2 models with random weights in bfloat16, for measurements of real shapes. */
final class RandomCheckpoint {
    private static final int VOCABULARY = 151_936;
    private static final int POSITIONS = 32_768;
    private static final ObjectMapper JSON = new ObjectMapper();

    private RandomCheckpoint() {}

    /**
     * The shape of a Qwen2.5 model.
     *
     * @param name 0.5b or 1.5b
     */
    static ModelConfig shape(String name) {
        return switch (name) {
            case "0.5b" -> new ModelConfig(VOCABULARY, 896, 24, 14, 2, 4864, POSITIONS, true, 1e-6, 1e6);
            case "1.5b" -> new ModelConfig(VOCABULARY, 1536, 28, 12, 2, 8960, POSITIONS, true, 1e-6, 1e6);
            default -> throw new UserException("--shape " + name + ": neither 0.5b nor 1.5b");
        };
    }

    /** Writes the configuration, a tokenizer of bytes without a chat template, and the weights. */
    static void write(ModelConfig model, Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("config.json"),
                String.format(
                        Locale.ROOT,
                        "{\"architectures\": [\"Qwen2ForCausalLM\"], \"model_type\": \"qwen2\", \"vocab_size\": %d,"
                                + " \"hidden_size\": %d, \"num_hidden_layers\": %d, \"num_attention_heads\": %d,"
                                + " \"num_key_value_heads\": %d, \"intermediate_size\": %d,"
                                + " \"max_position_embeddings\": %d, \"tie_word_embeddings\": true,"
                                + " \"rms_norm_eps\": 1e-6, \"rope_theta\": 1000000.0, \"torch_dtype\": \"bfloat16\","
                                + " \"eos_token_id\": 151643}",
                        model.vocabularySize(),
                        model.hiddenSize(),
                        model.layers(),
                        model.heads(),
                        model.keyValueHeads(),
                        model.intermediateSize(),
                        model.maxPositions()));
        JSON.writeValue(directory.resolve("tokenizer.json").toFile(), tokenizer());
        Map<String, long[]> shapes = shapes(model);
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long at = 0;
        for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
            long end = at + 2 * Arrays.stream(tensor.getValue()).reduce(1, (a, b) -> a * b);
            header.append(String.format(
                    Locale.ROOT,
                    ",\"%s\":{\"dtype\":\"BF16\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    tensor.getKey(),
                    Arrays.toString(tensor.getValue()),
                    at,
                    end));
            at = end;
        }
        byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel out = FileChannel.open(
                directory.resolve("model.safetensors"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
            out.write(buffer.putLong(text.length).put(text).flip());
            SplittableRandom random = new SplittableRandom(1);
            for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
                double mean = tensor.getKey().endsWith("norm.weight") ? 1 : 0;
                double deviation = mean == 1 || tensor.getKey().endsWith("bias") ? 0 : 0.02;
                long left = Arrays.stream(tensor.getValue()).reduce(1, (a, b) -> a * b);
                while (left > 0) {
                    buffer.clear();
                    for (; left > 0 && buffer.hasRemaining(); left--) {
                        // Uniform with the same deviation: a Gaussian takes three times as long.
                        double value = mean + deviation * Math.sqrt(12) * (random.nextInt() * 0x1p-32);
                        buffer.putShort((short) (Float.floatToIntBits((float) value) >>> 16));
                    }
                    buffer.flip();
                    while (buffer.hasRemaining()) {
                        out.write(buffer);
                    }
                }
            }
        }
    }

    /** A token for each byte, under the character that byte-level tokenizers write for it. */
    private static Map<String, Object> tokenizer() {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        int replaced = 0;
        for (int value = 0; value < 256; value++) {
            boolean isPrinted = (value > ' ' && value <= '~') || (value >= 0xa1 && value != 0xad);
            int character = isPrinted ? value : 256 + replaced++;
            vocabulary.put(Character.toString(character), value);
        }
        return Map.of(
                "version", "1.0",
                "added_tokens", List.of(),
                "pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", false),
                "decoder", Map.of("type", "ByteLevel"),
                "model", Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of()));
    }

    private static Map<String, long[]> shapes(ModelConfig model) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        long hidden = model.hiddenSize();
        long keys = (long) model.keyValueHeads() * model.headSize();
        long wide = model.intermediateSize();
        shapes.put("model.embed_tokens.weight", new long[] {model.vocabularySize(), hidden});
        for (int layer = 0; layer < model.layers(); layer++) {
            String name = "model.layers." + layer + ".";
            shapes.put(name + "input_layernorm.weight", new long[] {hidden});
            shapes.put(name + "self_attn.q_proj.weight", new long[] {hidden, hidden});
            shapes.put(name + "self_attn.q_proj.bias", new long[] {hidden});
            shapes.put(name + "self_attn.k_proj.weight", new long[] {keys, hidden});
            shapes.put(name + "self_attn.k_proj.bias", new long[] {keys});
            shapes.put(name + "self_attn.v_proj.weight", new long[] {keys, hidden});
            shapes.put(name + "self_attn.v_proj.bias", new long[] {keys});
            shapes.put(name + "self_attn.o_proj.weight", new long[] {hidden, hidden});
            shapes.put(name + "post_attention_layernorm.weight", new long[] {hidden});
            shapes.put(name + "mlp.gate_proj.weight", new long[] {wide, hidden});
            shapes.put(name + "mlp.up_proj.weight", new long[] {wide, hidden});
            shapes.put(name + "mlp.down_proj.weight", new long[] {hidden, wide});
        }
        shapes.put("model.norm.weight", new long[] {hidden});
        return shapes;
    }
}
