package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a file that is a range of a larger one in memory.
 *
 * @param name in the file
 * @param shape in the file
 * @param storage contiguous 32-bit floats, or bytes, unless it is converted
 * @param start first element of the range
 * @param converted the weight that the slice is a part of, if that is held in another form; null otherwise
 */
record NamedSlice(
        String name,
        long[] shape,
        NDArray storage,
        long start,
        @Nullable ConvertedWeight converted) implements Safetensors.Source {

    NamedSlice(String name, long[] shape, NDArray storage, long start) {
        this(name, shape, storage, start, null);
    }

    /** The type of the elements that are read and filled. */
    @Override
    public Safetensors.Type type() {
        return converted == null && storage.getDataType() == DataType.UINT8
                ? Safetensors.Type.U8
                : Safetensors.Type.F32;
    }

    long count() {
        return Safetensors.count(shape);
    }

    /** @throws IllegalStateException if the weight is converted */
    @Override
    public void read(Tensors.Window window) throws IOException {
        if (converted != null) {
            throw new IllegalStateException(name + " is held in a form to compute with only");
        }
        Tensors.read(storage, start, count(), window);
    }

    /** Replaces the elements by those of windows, as {@link Tensors#fill} does. */
    void fill(Tensors.Window window) throws IOException {
        if (converted == null) {
            Tensors.fill(storage, start, count(), window);
        } else {
            converted.fill(start, count(), window);
        }
    }
}
