package io.sppostream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

    @SuppressWarnings("NullAway.Init")
    private PolicyModel policy;

    @BeforeEach
    void open() {
        policy = PolicyModel.random(TestModels.POLICY, 1, ModelSettings.cpu());
    }

    @AfterEach
    void close() {
        policy.close();
    }

    private static String header(byte[] file) {
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return new String(file, 8, length, StandardCharsets.UTF_8);
    }

    private static byte[] withHeader(byte[] file, String header) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        int data = 8 + header(file).getBytes(StandardCharsets.UTF_8).length;
        return ByteBuffer.allocate(8 + text.length + file.length - data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .put(file, data, file.length - data)
                .array();
    }

    @Test
    void shouldReadBackTheBytesItWrote() throws Exception {
        byte[] written = TestModels.bytes(policy::writeWeights);
        try (PolicyModel other = PolicyModel.random(TestModels.POLICY, 2, ModelSettings.cpu())) {
            assertThat(TestModels.bytes(other::writeWeights)).isNotEqualTo(written);
            other.readWeights(TestModels.channel(written));
            assertThat(TestModels.bytes(other::writeWeights)).isEqualTo(written);
        }
    }

    @Test
    void shouldNameEveryTensorAsHuggingFaceDoesAndAlignTheData() {
        byte[] written = TestModels.bytes(policy::writeWeights);
        assertThat(header(written))
                .startsWith("{\"__metadata__\":{\"format\":\"pt\"}")
                .contains("\"model.layers.1.self_attn.k_proj.weight\":{\"dtype\":\"F32\",\"shape\":[16,32],")
                .contains("\"model.layers.0.mlp.up_proj.weight\"")
                .doesNotContain("lm_head");
        assertThat((8 + header(written).length()) % 64).isZero();
    }

    @Test
    void shouldReadTensorsInAnyOrderAndAnyStorage() throws Exception {
        float[] bias = {1, -2.5f, 0.15625f};
        byte[] data = ByteBuffer.allocate(6 + 6)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 0x3f80)
                .putShort((short) 0xc020)
                .putShort((short) 0x3e20)
                .putShort((short) 0x3c00)
                .putShort((short) 0xc100)
                .putShort((short) 0x3100)
                .array();
        String header = "{\"b\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[6,12]},"
                + "\"a\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}";
        byte[] file = ByteBuffer.allocate(8 + header.length() + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length())
                .put(header.getBytes(StandardCharsets.UTF_8))
                .put(data)
                .array();
        try (ai.djl.ndarray.NDManager manager = policy.model().manager().newSubManager()) {
            ai.djl.ndarray.NDArray storage = manager.zeros(new ai.djl.ndarray.types.Shape(7));
            Safetensors.read(
                    TestModels.channel(file),
                    java.util.List.of(
                            new NamedSlice("a", new long[] {3}, storage, 1),
                            new NamedSlice("b", new long[] {3}, storage, 4)),
                    "test");
            assertThat(storage.toFloatArray()).containsExactly(0, bias[0], bias[1], bias[2], bias[0], bias[1], bias[2]);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0000, 0",
        "3c00, 1",
        "c000, -2",
        "7bff, 65504",
        "0001, 5.9604645E-8",
        "83ff, -6.097555E-5",
        "7c00, Infinity",
        "fc00, -Infinity",
        "7e01, NaN",
        "3555, 0.33325195"
    })
    void shouldWidenHalfPrecisionExactly(String bits, float value) {
        assertThat(Safetensors.widenHalf((short) Integer.parseInt(bits, 16))).isEqualTo(Float.valueOf(value));
    }

    @Test
    void shouldKeepTheSignOfZero() {
        assertThat(Float.floatToRawIntBits(Safetensors.widenHalf((short) 0x8000)))
                .isEqualTo(0x80000000);
    }

    private void assertRefused(byte[] stream, String... parts) {
        byte[] before = TestModels.bytes(policy::writeWeights);
        assertThatThrownBy(() -> policy.readWeights(TestModels.channel(stream)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(parts);
        assertThat(TestModels.bytes(policy::writeWeights)).isEqualTo(before);
    }

    @Test
    void shouldRefuseWhatIsNotSafetensors() {
        assertRefused(new byte[] {1, 2, 3}, "truncated");
        assertRefused("PK\3\4 this is a zip, not weights".getBytes(StandardCharsets.UTF_8), "not a safetensors file");
        assertRefused(
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(4)
                        .put(8, new byte[] {'{', '{', '{', '{'})
                        .array(),
                "not JSON");
    }

    @Test
    void shouldNameTheTensorThatIsMissingUnexpectedOrMisshapen() {
        byte[] written = TestModels.bytes(policy::writeWeights);
        String header = header(written);
        assertRefused(
                withHeader(written, header.replace("model.norm.weight", "model.nrom.weight")), "model.nrom.weight");
        assertRefused(
                withHeader(written, header.replace("\"shape\":[11,32]", "\"shape\":[32,11]")),
                "model.embed_tokens.weight",
                "[32, 11]",
                "[11, 32]");
        assertRefused(withHeader(written, header.replace("\"shape\":[11,32]", "\"shape\":[11,31]")), "corrupt");
        assertRefused(withHeader(written, header.replaceFirst("F32", "I64")), "I64");
        assertRefused(withHeader(written, header.replaceFirst("\\[0,", "[4,")), "corrupt");
        try (PolicyModel deeper = PolicyModel.random(
                new ModelConfig(11, 32, 3, 4, 2, 48, 128, true, 1e-6, 10_000), 1, ModelSettings.cpu())) {
            assertThatThrownBy(() -> deeper.readWeights(TestModels.channel(written)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("model.layers.2.mlp.down_proj.weight");
        }
    }

    @Test
    void shouldReportAStreamThatEndsEarly() {
        byte[] written = TestModels.bytes(policy::writeWeights);
        assertThatThrownBy(() -> policy.readWeights(TestModels.channel(Arrays.copyOf(written, written.length - 10))))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("truncated");
    }
}
