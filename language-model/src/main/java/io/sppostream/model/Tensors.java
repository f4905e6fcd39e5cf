package io.sppostream.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Copies between Java arrays and native tensors; tensors in main memory are accessed directly. Stateless.
 *
 * <p>DJL gives an array on another device than its manager's a manager of its own, which only ends with the first one. Here
 * they are closed at once: the manager of a sampled batch lives for thousands of tokens.
 */
final class Tensors {

    /** Elements of one window. Windows allow tensors of any size, although a ByteBuffer is limited to 2 GiB. */
    private static final long WINDOW = 1L << 26;

    private static final long[] FIRST = {0};
    private static final long[] STEP = {1};

    private Tensors() {}

    /** Reads or fills the bytes of consecutive elements. */
    @FunctionalInterface
    interface Window {
        void accept(ByteBuffer bytes) throws IOException;
    }

    /** A tensor of 64-bit integers. */
    static NDArray of(NDManager manager, long[] values, Shape shape) {
        // create(long[]) would hold direct memory until the next garbage collection.
        NDArray host = manager.create(shape, DataType.INT64, Device.cpu());
        host.toByteBuffer(true).order(ByteOrder.nativeOrder()).asLongBuffer().put(values);
        return onDevice(host, manager);
    }

    /** A tensor of 32-bit floats. */
    static NDArray of(NDManager manager, float[] values, Shape shape) {
        NDArray host = manager.create(shape, DataType.FLOAT32, Device.cpu());
        host.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer().put(values);
        return onDevice(host, manager);
    }

    /** A flag, as an argument of a recorded method. */
    static NDArray of(NDManager manager, boolean value) {
        return of(manager, new long[] {value ? 1 : 0}, new Shape());
    }

    /** A tensor of 64-bit floats. */
    static NDArray of(NDManager manager, double[] values, Shape shape) {
        NDArray host = manager.create(shape, DataType.FLOAT64, Device.cpu());
        host.toByteBuffer(true).order(ByteOrder.nativeOrder()).asDoubleBuffer().put(values);
        return onDevice(host, manager);
    }

    /** The elements of a tensor of 32-bit floats. If it is on a device, its copy in main memory is freed at once. */
    static float[] toFloats(NDArray tensor) {
        if (!tensor.getDevice().equals(Device.cpu())) {
            NDArray host = tensor.toDevice(Device.cpu(), true);
            try {
                return toFloats(host);
            } finally {
                host.getManager().close();
            }
        }
        float[] values = new float[Math.toIntExact(tensor.size())];
        tensor.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        return values;
    }

    private static NDArray onDevice(NDArray host, NDManager manager) {
        if (manager.getDevice().equals(Device.cpu())) {
            return host;
        }
        NDArray moved = host.toDevice(manager.getDevice(), true);
        moved.attach(manager);
        host.getManager().close();
        return moved;
    }

    /** Passes the elements [start, start + count) of a contiguous tensor, in order, in windows of native byte order. */
    static void read(NDArray tensor, long start, long count, Window window) throws IOException {
        windows(tensor, start, count, false, window);
    }

    /** As {@link #read}, but the content of each window afterwards becomes that of the tensor. */
    static void fill(NDArray tensor, long start, long count, Window window) throws IOException {
        windows(tensor, start, count, true, window);
    }

    /** Copies the elements of a contiguous tensor to another of the same size. */
    static void copy(NDArray from, NDArray to) {
        try {
            for (long start = 0; start < from.size(); start += WINDOW) {
                long at = start;
                long count = Math.min(WINDOW, from.size() - at);
                read(from, at, count, source -> fill(to, at, count, target -> target.put(source)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void windows(NDArray tensor, long start, long count, boolean write, Window window)
            throws IOException {
        JniUtils.setGradMode(false);
        try (NDArray flat = tensor.reshape(-1)) {
            for (long at = start; at < start + count; at += WINDOW) {
                long end = Math.min(at + WINDOW, start + count);
                try (PtNDArray slice = JniUtils.slice((PtNDArray) flat, 0, at, end, 1)) {
                    if (slice.getDevice().equals(Device.cpu())) {
                        window.accept(slice.toByteBuffer(true).order(ByteOrder.nativeOrder()));
                    } else {
                        throughMainMemory(slice, write, window);
                    }
                }
            }
        }
    }

    private static void throughMainMemory(PtNDArray slice, boolean write, Window window) throws IOException {
        NDArray host = slice.toDevice(Device.cpu(), true);
        try {
            window.accept(host.toByteBuffer(true).order(ByteOrder.nativeOrder()));
            if (write) {
                // Not host.copyTo(slice): on a GPU, that gives the slice memory of its own.
                JniUtils.indexSet(slice, (PtNDArray) host, FIRST, new long[] {slice.size()}, STEP);
            }
        } finally {
            host.getManager().close();
        }
    }
}
