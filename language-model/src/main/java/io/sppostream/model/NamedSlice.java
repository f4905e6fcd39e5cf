package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a file that is a range of a larger one in memory.
 *
 * @param name in the file
 * @param shape in the file
 * @param storage contiguous 32-bit floats, or bytes; bfloat16 numbers if the slice is rounded
 * @param start first element of the range
 * @param rounding the program that rounds floats to those of the storage; null unless the slice is rounded
 */
record NamedSlice(
        String name,
        long[] shape,
        NDArray storage,
        long start,
        @Nullable TorchProgram rounding) implements Safetensors.Source {

    NamedSlice(String name, long[] shape, NDArray storage, long start) {
        this(name, shape, storage, start, null);
    }

    /** The type of the elements that are read and filled. */
    @Override
    public Safetensors.Type type() {
        return rounding == null && storage.getDataType() == DataType.UINT8 ? Safetensors.Type.U8 : Safetensors.Type.F32;
    }

    long count() {
        return Safetensors.count(shape);
    }

    /** @throws IllegalStateException if the slice is rounded */
    @Override
    public void read(Tensors.Window window) throws IOException {
        if (rounding != null) {
            throw new IllegalStateException(name + " is held in bfloat16, to compute with only");
        }
        Tensors.read(storage, start, count(), window);
    }

    /** Replaces the elements by those of windows, as {@link Tensors#fill} does. */
    void fill(Tensors.Window window) throws IOException {
        if (rounding == null) {
            Tensors.fill(storage, start, count(), window);
            return;
        }
        try (NDManager scratch = storage.getManager().newSubManager();
                NDArray floats = scratch.create(new Shape(count()), DataType.FLOAT32)) {
            Tensors.fill(floats, 0, count(), window);
            try (IValue from = TorchProgram.tensor(floats);
                    IValue to = TorchProgram.tensor(storage);
                    IValue at = IValue.from(start)) {
                rounding.run("round_into", from, to, at).close();
            }
        }
    }
}
