package io.sppostream.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tensors of more than 2 GiB, which exceed a ByteBuffer. They use neither disk nor memory: all but the far end of the
 * file is a hole, and all but the far end of the tensor is never touched.
 */
class LargeTensorTest {
    private static final ModelConfig LARGE = new ModelConfig(600_000, 1024, 1, 16, 2, 64, 128, true, 1e-6, 10_000);
    private static final long ELEMENTS = 600_000L * 1024;
    private static final float[] VALUES = {1, -2.5f, 3e-20f, Float.MAX_VALUE, 0, -0f, 7, 8};

    private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();

    @TempDir
    private Path directory = Path.of("");

    @BeforeEach
    void shouldBeLarge() {
        assertThat(ELEMENTS * Float.BYTES).isGreaterThan(Integer.MAX_VALUE);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    /** The checkpoint's first tensor is the large one, and its last is the final norm, which alone is written. */
    private Checkpoint checkpoint(float[] norm) throws IOException {
        ObjectNode header = new ObjectMapper().createObjectNode();
        long at = 0;
        for (WeightLayout.Fused fused : layout().tensors()) {
            for (WeightLayout.Part part : fused.parts()) {
                ObjectNode tensor = header.putObject(part.name()).put("dtype", "F32");
                tensor.putPOJO("shape", part.shape());
                long end = at + Safetensors.count(part.shape()) * Float.BYTES;
                tensor.putPOJO("data_offsets", new long[] {at, end});
                at = end;
            }
        }
        byte[] text = header.toString().getBytes(UTF_8);
        byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
        Arrays.fill(padded, text.length, padded.length, (byte) ' ');
        try (FileChannel file = FileChannel.open(
                directory.resolve("model.safetensors"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            file.write(length.putLong(0, padded.length), 0);
            file.write(ByteBuffer.wrap(padded), 8);
            file.write(ByteBuffer.wrap(bytes(norm)), 8 + padded.length + at - norm.length * (long) Float.BYTES);
        }
        Files.writeString(
                directory.resolve("config.json"),
                LARGE.toJson("Qwen2ForCausalLM").toString());
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        return Checkpoint.open(directory);
    }

    private static WeightLayout layout() {
        return WeightLayout.of(LARGE, WeightLayout.Head.LANGUAGE_MODEL);
    }

    @Test
    void shouldReadWhatIsBehindALargeTensorInAFile() throws IOException {
        float[] norm = new float[LARGE.hiddenSize()];
        for (int i = 0; i < norm.length; i++) {
            norm[i] = i % 7 - 0.125f * i;
        }
        Checkpoint checkpoint = checkpoint(norm);
        List<WeightLayout.Fused> tensors = layout().tensors();

        assertThat(checkpoint.map(tensors.get(0))).as("too large to be mapped").isNull();
        ByteBuffer mapped = checkpoint.map(tensors.get(tensors.size() - 1));
        assertThat(mapped).isNotNull().isEqualTo(ByteBuffer.wrap(bytes(norm)));
        NDArray storage = manager.zeros(new Shape(norm.length));
        checkpoint.read(new NamedSlice("model.norm.weight", new long[] {norm.length}, storage, 0));
        assertThat(storage.toFloatArray()).isEqualTo(norm);
    }

    @Test
    void shouldReadAndWriteTheFarEndOfALargeTensor() throws IOException {
        NDArray storage = manager.create(new Shape(ELEMENTS), DataType.FLOAT32);
        NamedSlice farEnd = new NamedSlice("far", new long[] {VALUES.length}, storage, ELEMENTS - VALUES.length);
        byte[] file = TestModels.bytes(out -> {
            try (NDArray small = manager.create(VALUES)) {
                Safetensors.write(out, List.of(new NamedSlice("far", new long[] {VALUES.length}, small, 0)));
            }
        });

        Safetensors.read(TestModels.channel(file), List.of(farEnd), "test");

        try (NDArray end = storage.get((ELEMENTS - VALUES.length) + ":")) {
            assertThat(end.toFloatArray()).isEqualTo(VALUES);
        }
        assertThat(TestModels.bytes(out -> Safetensors.write(out, List.of(farEnd))))
                .isEqualTo(file);
    }
}
