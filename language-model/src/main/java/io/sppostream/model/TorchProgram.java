package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript module compiled from source text, without Python. One call runs a complete forward pass natively, with
 * kernels that DJL's NDArray does not offer (attention, RMS norm, fused AdamW, gradients without shared state).
 *
 * <p>Thread-safe, also for calls with the same tensors as long as no thread writes to them.
 */
final class TorchProgram implements AutoCloseable {

    private final PtSymbolBlock module;

    private TorchProgram(PtSymbolBlock module) {
        this.module = module;
    }

    /**
     * Compiles a program.
     *
     * @param manager determines the device
     * @param resources source text of the methods, in the package of this class
     * @param attributes values of {@code self.name} in the source, Integer or Double
     * @throws ai.djl.engine.EngineException if this build of PyTorch lacks an operator
     */
    static TorchProgram load(NDManager manager, List<String> resources, Map<String, Number> attributes) {
        try {
            StringBuilder methods = new StringBuilder();
            for (String resource : resources) {
                methods.append(text(resource)).append('\n');
            }
            byte[] archive = archive(methods.toString(), attributes);
            return new TorchProgram(
                    JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive), true, false));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(String resource) throws IOException {
        try (InputStream source = TorchProgram.class.getResourceAsStream(resource)) {
            if (source == null) {
                throw new IllegalArgumentException("No resource " + resource);
            }
            return new String(source.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /**
     * Runs a method without recording gradients; the result cannot be used for training. The caller closes it.
     */
    IValue run(String method, IValue... arguments) {
        // A setting per thread. With the optimizer on, every new shape would be profiled and compiled again.
        JniUtils.setGraphExecutorOptimize(false);
        return IValueUtils.runMethod(module, method, arguments);
    }

    /**
     * Runs a method that records gradients as its source says.
     *
     * @param manager of the results
     * @param arguments tensors, in order; neighbours named {@code name[]} form a list
     */
    NDList record(NDManager manager, String method, NDList arguments) {
        JniUtils.setGraphExecutorOptimize(false);
        // DJL takes the method from the name of an extra array, and the results' manager from the first.
        NDArray selector = manager.create(new ai.djl.ndarray.types.Shape(), ai.djl.ndarray.types.DataType.FLOAT32);
        selector.setName("module_method:" + method);
        NDList all = new NDList(arguments.size() + 1);
        all.add(selector);
        all.addAll(arguments);
        return IValueUtils.forward(module, all, true);
    }

    /** A list of tensors as an argument; it may be shared by calls and threads. */
    static IValue list(NDList tensors) {
        return IValue.listFrom(tensors.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    }

    /** A tensor as an argument. */
    static IValue tensor(NDArray tensor) {
        return IValue.from((PtNDArray) tensor);
    }

    @Override
    public void close() {
        module.close();
    }

    /** The archive torch.jit.save would write: a zip of the source and a pickle of the object's attributes. */
    private static byte[] archive(String methods, Map<String, Number> attributes) throws IOException {
        StringBuilder source = new StringBuilder("class Program(Module):\n")
                .append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
        attributes.forEach((name, value) ->
                source.append("  ").append(name).append(value instanceof Double ? " : float\n" : " : int\n"));
        methods.lines()
                .filter(line -> !line.isBlank() && !line.strip().startsWith("#"))
                .forEach(line -> source.append("  ").append(line).append('\n'));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "program/data.pkl", pickle(attributes));
            store(zip, "program/code/__torch__.py", source.toString().getBytes(StandardCharsets.UTF_8));
            store(zip, "program/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
            store(zip, "program/version", "10\n".getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    /** Pickle protocol 2 of {@code Program} with its attributes as state. */
    private static byte[] pickle(Map<String, Number> attributes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) 0x80, 2});
        out.writeBytes("c__torch__\nProgram\n".getBytes(StandardCharsets.UTF_8));
        out.writeBytes(new byte[] {')', (byte) 0x81, '}', '('});
        pickle(out, "training");
        out.write(0x89);
        attributes.forEach((name, value) -> {
            pickle(out, name);
            if (value instanceof Double) {
                out.write('G');
                out.writeBytes(
                        ByteBuffer.allocate(8).putDouble(value.doubleValue()).array());
            } else {
                out.write('J');
                out.writeBytes(ByteBuffer.allocate(4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(value.intValue())
                        .array());
            }
        });
        out.writeBytes(new byte[] {'u', 'b', '.'});
        return out.toByteArray();
    }

    private static void pickle(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.write('X');
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .array());
        out.writeBytes(bytes);
    }

    private static void store(ZipOutputStream zip, String name, byte[] data) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(data);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(data.length);
        entry.setCompressedSize(data.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(data);
        zip.closeEntry();
    }
}
