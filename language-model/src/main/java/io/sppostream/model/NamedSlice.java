package io.sppostream.model;

import ai.djl.ndarray.NDArray;

/**
 * A tensor of a file that is a range of a larger one in memory.
 *
 * @param name in the file
 * @param shape in the file
 * @param storage contiguous 32-bit floats
 * @param start first element of the range
 */
record NamedSlice(String name, long[] shape, NDArray storage, long start) {

    long count() {
        return Safetensors.count(shape);
    }
}
