package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path TINY = Path.of("src/test/resources/golden/qwen2-tiny");
    private static final TokenSequence SEQUENCE = new TokenSequence(new int[] {5, 6, 7}, new int[] {8, 9});

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @BeforeEach
    void copy() throws IOException {
        copy(TINY.getFileName().toString());
    }

    private void copy(String golden) throws IOException {
        try (var files = Files.list(TINY.resolveSibling(golden))) {
            for (Path file : files.toList()) {
                Files.copy(file, directory.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static float[] logProbs(Path checkpoint) {
        try (PolicyModel policy = PolicyModel.load(Checkpoint.open(checkpoint), ModelSettings.cpu())) {
            return policy.logProbs(List.of(SEQUENCE), 1)[0];
        }
    }

    private void editConfig(Consumer<ObjectNode> edit) {
        try {
            Path file = directory.resolve("config.json");
            ObjectNode config = (ObjectNode) JSON.readTree(Files.readAllBytes(file));
            edit.accept(config);
            Files.write(file, JSON.writeValueAsBytes(config));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(parts);
    }

    @Test
    void shouldReadWhatTransformers4Writes() {
        float[] expected = logProbs(TINY);
        editConfig(config -> {
            config.remove("rope_parameters");
            config.remove("dtype");
            config.remove("layer_types");
            config.put("rope_theta", 1_000_000.0).put("torch_dtype", "bfloat16").put("transformers_version", "4.40.1");
        });
        assertThat(logProbs(directory)).isEqualTo(expected);
        editConfig(config -> config.put("rope_theta", 10_000.0));
        assertThat(logProbs(directory)).isNotEqualTo(expected);
    }

    @Test
    void shouldReadWhatItWrote() {
        Path copy = directory.resolve("copy");
        Checkpoint original = Checkpoint.open(directory);
        try (PolicyModel policy = PolicyModel.load(original, ModelSettings.cpu())) {
            policy.save(copy, original);
        }
        Checkpoint saved = Checkpoint.open(copy);
        assertThat(saved.config()).isEqualTo(original.config());
        assertThat(logProbs(copy)).isEqualTo(logProbs(directory));
        try (Tokenizer before = original.tokenizer();
                Tokenizer after = saved.tokenizer()) {
            List<ChatMessage> chat = List.of(new ChatMessage("user", "What is 7 + 5?"));
            assertThat(after.encodePrompt(chat)).isEqualTo(before.encodePrompt(chat));
            assertThat(after.endTokens()).isEqualTo(before.endTokens()).containsExactly(362);
        }
    }

    @Test
    void shouldTrainOnAMappedFileWithoutTouchingIt() throws IOException {
        Path copy = directory.resolve("copy");
        Checkpoint original = Checkpoint.open(directory);
        try (PolicyModel policy = PolicyModel.load(original, ModelSettings.cpu())) {
            policy.save(copy, original);
        }
        Checkpoint saved = Checkpoint.open(copy);
        for (WeightLayout.Fused fused : WeightLayout.of(saved.config(), WeightLayout.Head.LANGUAGE_MODEL)
                .tensors()) {
            assertThat(saved.map(fused))
                    .as("%s in a file of ours", fused.parts())
                    .isNotNull();
        }
        byte[] before = Files.readAllBytes(copy.resolve("model.safetensors"));
        byte[] trained;
        byte[] expected;
        try (PolicyModel mapped = PolicyModel.load(saved, ModelSettings.cpu());
                PolicyModel other = PolicyModel.load(original, ModelSettings.cpu())) {
            trained = trained(mapped);
            expected = trained(other);
        }
        assertThat(trained).isEqualTo(expected).isNotEqualTo(before);
        assertThat(Files.readAllBytes(copy.resolve("model.safetensors"))).isEqualTo(before);
    }

    private static byte[] trained(PolicyModel policy) {
        try (PolicyTrainer trainer = new PolicyTrainer(policy, TestModels.ADAM, new TrainingSettings(64, 1, false))) {
            trainer.update(List.of(SEQUENCE), 1, 1e-2, (i, logProbs) -> new float[] {-1, -1});
            return TestModels.bytes(policy::writeWeights);
        }
    }

    @Test
    void shouldSaveOverTheCheckpointTheTokenizerIsFrom() {
        Checkpoint original = Checkpoint.open(directory);
        float[] expected = logProbs(directory);
        try (PolicyModel policy = PolicyModel.load(original, ModelSettings.cpu())) {
            policy.save(directory, original);
        }
        assertThat(logProbs(directory)).isEqualTo(expected);
        assertThat(directory.resolve("model.safetensors.partial")).doesNotExist();
    }

    @Test
    void shouldKeepACriticsHead() {
        Path copy = directory.resolve("critic");
        Checkpoint original = Checkpoint.open(directory);
        List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {4});
        float[] expected;
        try (CriticModel critic = CriticModel.load(original, ModelSettings.cpu())) {
            assertThat(critic.logits(prompts)).containsOnly(0f);
            float[] head = new float[64];
            head[3] = 2;
            Probe.set(critic.model(), "score.weight", head);
            Probe.set(critic.model(), "score.bias", new float[] {0.25f});
            expected = critic.logits(prompts);
            critic.save(copy, original);
        }
        try (CriticModel critic = CriticModel.load(Checkpoint.open(copy), ModelSettings.cpu())) {
            assertThat(critic.logits(prompts)).isEqualTo(expected);
            assertThat(expected[0]).isNotEqualTo(expected[1]);
        }
        assertThatThrownBy(() -> PolicyModel.load(Checkpoint.open(copy), ModelSettings.cpu()))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lm_head.weight");
    }

    /** The head of a critic reads the output of its last layer, and means nothing behind another. */
    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tiny", "qwen3-tiny", "llama3-rope"})
    void shouldKeepTheFirstLayersWithAFreshHead(String golden) {
        Checkpoint original = Checkpoint.open(TINY.resolveSibling(golden));
        Path critic = directory.resolve("critic");
        try (CriticModel whole = CriticModel.load(original, ModelSettings.cpu())) {
            Probe.set(whole.model(), "score.bias", new float[] {0.25f});
            whole.save(critic, original);
        }
        int layers = original.config().layers();
        for (Checkpoint from : List.of(original, Checkpoint.open(critic))) {
            try (CriticModel first = CriticModel.load(from.firstLayers(1), ModelSettings.cpu())) {
                assertThat(first.config().layers()).isEqualTo(1);
                assertThat(first.logits(List.of(new int[] {1, 2, 3}))).containsExactly(0f);
            }
        }
        assertThat(original.firstLayers(layers)).isSameAs(original);
        assertThatThrownBy(() -> original.firstLayers(layers + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Splits the weights over files, storing each tensor in another type. */
    private void shard(Safetensors.Type type) throws IOException {
        byte[] file = Files.readAllBytes(directory.resolve("model.safetensors"));
        Map<String, String> index = new TreeMap<>();
        List<Safetensors.Entry> entries = Safetensors.readHeader(TestModels.channel(file), "test");
        for (int i = 0; i < entries.size(); i++) {
            Safetensors.Entry entry = entries.get(i);
            int count = (int) (entry.bytes() / 4);
            ByteBuffer data = ByteBuffer.allocate(count * type.bytes).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer source = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            for (int k = 0; k < count; k++) {
                int bits = source.getInt((int) entry.begin() + 4 * k);
                switch (type) {
                    case F32 -> data.putInt(bits);
                    case BF16 -> data.putShort((short) ((bits + 0x8000) >>> 16));
                    case F16 -> data.putShort(half(Float.intBitsToFloat(bits)));
                    case U8 -> throw new IllegalArgumentException("weights are floats");
                }
            }
            String header = String.format(
                    "{\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%d]}}",
                    entry.name(), type, entry.shape(), data.capacity());
            String name = "model-" + i + ".safetensors";
            index.put(entry.name(), name);
            Files.write(
                    directory.resolve(name),
                    ByteBuffer.allocate(8 + header.length() + data.capacity())
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(header.length())
                            .put(header.getBytes(StandardCharsets.UTF_8))
                            .put(data.array())
                            .array());
        }
        Files.delete(directory.resolve("model.safetensors"));
        Files.write(
                directory.resolve("model.safetensors.index.json"),
                JSON.writeValueAsBytes(Map.of("metadata", Map.of(), "weight_map", index)));
    }

    /** Nearest half of a number in its normal range, or zero below it. */
    private static short half(float value) {
        if (Math.abs(value) < 0x1p-14f) {
            return 0;
        }
        int bits = Float.floatToIntBits(value) + 0x1000;
        int sign = (bits >>> 16) & 0x8000;
        int exponent = ((bits >>> 23) & 0xff) - 112;
        return (short) (sign | (exponent << 10) | ((bits >>> 13) & 0x3ff));
    }

    @ParameterizedTest
    @CsvSource({"F32, 0", "F16, 0.02", "BF16, 0.1"})
    void shouldReadShardsInAnyStorage(Safetensors.Type type, float tolerance) throws IOException {
        float[] expected = logProbs(TINY);
        shard(type);
        assertThat(logProbs(directory)).containsExactly(expected, within(tolerance));
    }

    @Test
    void shouldForgetTheShardsOfACheckpointItReplaces() throws IOException {
        shard(Safetensors.Type.F32);
        Checkpoint sharded = Checkpoint.open(directory);
        try (PolicyModel policy = PolicyModel.load(sharded, ModelSettings.cpu())) {
            Probe.set(policy.model(), "model.norm.weight", new float[64]);
            policy.save(directory, sharded);
        }
        assertThat(logProbs(directory)).isNotEqualTo(logProbs(TINY));
    }

    @Test
    void shouldNameWhatIsMissing() throws IOException {
        for (String name : List.of("tokenizer.json", "config.json", "model.safetensors")) {
            Files.move(directory.resolve(name), directory.resolve("away"));
            assertRefused(name, directory.toString());
            Files.move(directory.resolve("away"), directory.resolve(name));
        }
        assertThatThrownBy(() -> Checkpoint.open(directory.resolve("nowhere")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    void shouldNameAMissingShard() throws IOException {
        shard(Safetensors.Type.F32);
        Files.delete(directory.resolve("model-3.safetensors"));
        assertRefused("model-3.safetensors");
    }

    @Test
    void shouldNameATensorThatIsMissingOrMisshapen() {
        editConfig(config -> config.put("num_hidden_layers", 4).remove("layer_types"));
        assertRefused("model.layers.3.input_layernorm.weight");
        editConfig(config -> config.put("num_hidden_layers", 3).put("intermediate_size", 161));
        assertRefused("model.layers.0.mlp.gate_proj.weight", "[160, 64]", "[161, 64]");
    }

    @Test
    void shouldRefuseWeightsThatWereCutOff() throws IOException {
        Path file = directory.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 100));
        assertRefused("model.safetensors", "720000");
    }

    @Test
    void shouldRefuseModelsItCantRun() {
        editConfig(config -> config.put("model_type", "gpt2"));
        assertRefused("model_type", "gpt2", "qwen2, qwen3, llama");
        editConfig(config -> config.put("model_type", "qwen2").put("use_sliding_window", true));
        assertRefused("use_sliding_window");
        editConfig(config -> config.put("use_sliding_window", false)
                .putObject("rope_parameters")
                .put("rope_type", "yarn"));
        assertRefused("yarn");
        editConfig(config -> {
            config.remove("rope_parameters");
            config.putObject("rope_scaling").put("type", "dynamic");
        });
        assertRefused("dynamic");
        editConfig(config -> {
            config.remove("rope_scaling");
            config.put("hidden_act", "gelu");
        });
        assertRefused("gelu");
        editConfig(config -> config.put("hidden_act", "silu").put("hidden_size", "64"));
        assertRefused("hidden_size");
        editConfig(config -> config.put("hidden_size", 64).put("num_key_value_heads", 3));
        assertRefused("keyValueHeads");
    }

    @Test
    void shouldRefuseOptionsOfOtherArchitecturesItCantRun() throws IOException {
        copy("llama3-rope");
        editConfig(config -> config.put("attention_bias", true));
        assertRefused("attention_bias", "llama");
        editConfig(config -> config.put("attention_bias", false).put("mlp_bias", true));
        assertRefused("mlp_bias");
        editConfig(config -> config.put("mlp_bias", false).put("partial_rotary_factor", 0.5));
        assertRefused("partial_rotary_factor");
        editConfig(config -> {
            config.remove("partial_rotary_factor");
            ((ObjectNode) config.get("rope_parameters")).remove("low_freq_factor");
        });
        assertRefused("low_freq_factor");
        editConfig(config -> config.put("model_type", "mistral").putObject("rope_parameters"));
        Checkpoint.open(directory);
        editConfig(config -> config.put("sliding_window", 256));
        assertRefused("sliding_window", "256");
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2-tiny", "qwen3-tiny", "llama3-rope"})
    void shouldReadBothLayoutsOfConfigurations(String golden) throws IOException {
        copy(golden);
        ModelConfig expected = Checkpoint.open(directory).config();
        float[] logProbs = logProbs(directory);
        editConfig(config -> {
            ObjectNode rope = (ObjectNode) config.remove("rope_parameters");
            config.set("rope_theta", rope.remove("rope_theta"));
            config.set("rope_scaling", rope.get("rope_type").asText().equals("default") ? null : rope);
        });
        assertThat(Checkpoint.open(directory).config()).isEqualTo(expected);
        Path copy = directory.resolve("copy");
        Checkpoint original = Checkpoint.open(directory);
        try (PolicyModel policy = PolicyModel.load(original, ModelSettings.cpu())) {
            policy.save(copy, original);
        }
        assertThat(Checkpoint.open(copy).config()).isEqualTo(expected);
        assertThat(logProbs(copy)).isEqualTo(logProbs);
    }

    @Test
    void shouldTakeEndTokensFromTheModelsConfigurationWhereGenerationHasNone() throws IOException {
        Files.delete(directory.resolve("generation_config.json"));
        editConfig(config -> config.putArray("eos_token_id").add(360).add(362));
        try (Tokenizer tokenizer = Checkpoint.open(directory).tokenizer()) {
            assertThat(tokenizer.endTokens()).containsExactlyInAnyOrder(360, 362);
        }
        editConfig(config -> config.remove("eos_token_id"));
        Checkpoint checkpoint = Checkpoint.open(directory);
        assertThatThrownBy(checkpoint::tokenizer)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("eos_token_id");
    }

    @Test
    void shouldSkipSpecialTokensWhenDecoding() throws IOException {
        Files.delete(directory.resolve("chat_template.jinja"));
        try (Tokenizer tokenizer = Checkpoint.open(directory).tokenizer()) {
            int[] tokens = tokenizer.encode("<|im_start|>user\n7 + 5<|im_end|>");
            assertThat(tokens[0]).isEqualTo(361);
            assertThat(tokens[tokens.length - 1]).isEqualTo(362);
            assertThat(tokenizer.decode(tokens)).isEqualTo("user\n7 + 5");
            // Without a template the contents are concatenated.
            assertThat(tokenizer.encodePrompt(List.of(new ChatMessage("user", "7 +"), new ChatMessage("user", " 5"))))
                    .isEqualTo(tokenizer.encode("7 + 5"));
        }
    }
}
