package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/**
 * A tensor of a file that is a range of a larger one in memory.
 *
 * @param name in the file
 * @param shape in the file
 * @param storage contiguous 32-bit floats, or bytes
 * @param start first element of the range
 */
record NamedSlice(String name, long[] shape, NDArray storage, long start) {

    Safetensors.Type type() {
        return storage.getDataType() == DataType.UINT8 ? Safetensors.Type.U8 : Safetensors.Type.F32;
    }

    long count() {
        return Safetensors.count(shape);
    }
}
