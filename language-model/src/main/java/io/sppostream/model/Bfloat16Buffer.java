package io.sppostream.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/**
 * Converts between 32-bit floats and bfloat16, their upper halves, a piece at a time. It works on arrays, which is many
 * times as fast as access to the elements of buffers when only the first tier of the compiler runs. Not thread-safe.
 */
final class Bfloat16Buffer {
    /** Elements that are converted at once. */
    private static final int ELEMENTS = 1 << 16;

    private final ByteBuffer bytes =
            ByteBuffer.allocateDirect(ELEMENTS * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final int[] floats = new int[ELEMENTS];
    private final short[] halves = new short[ELEMENTS];

    /** The bfloat16 values: the result of {@link #round}, the input of {@link #widen}. */
    ByteBuffer bytes() {
        return bytes;
    }

    /**
     * Rounds 32-bit floats to the nearest bfloat16, ties to even, as PyTorch does.
     *
     * @param window consumed as far as the buffer has room
     * @return the values, until the next call
     */
    ByteBuffer round(ByteBuffer window) {
        int count = Math.min(window.remaining() / Float.BYTES, ELEMENTS);
        window.asIntBuffer().get(floats, 0, count);
        window.position(window.position() + count * Float.BYTES);
        for (int i = 0; i < count; i++) {
            halves[i] = round(floats[i]);
        }
        bytes.clear().limit(count * Short.BYTES);
        bytes.asShortBuffer().put(halves, 0, count);
        return bytes;
    }

    /** The bits of the bfloat16 nearest to a 32-bit float. */
    static short round(int bits) {
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) ((bits >>> 16) | 0x40); // NaN must not become infinite.
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    /**
     * Writes the values of {@link #bytes} as 32-bit floats.
     *
     * @param window receives as many floats as the buffer has values
     * @param keepRounded whether a float of the window stays as it is if it rounds to its value
     */
    void widen(ByteBuffer window, boolean keepRounded) {
        int count = bytes.remaining() / Short.BYTES;
        bytes.asShortBuffer().get(halves, 0, count);
        IntBuffer target = window.asIntBuffer();
        if (keepRounded) {
            target.get(floats, 0, count).rewind();
            for (int i = 0; i < count; i++) {
                if (round(floats[i]) != halves[i]) {
                    floats[i] = halves[i] << 16;
                }
            }
        } else {
            for (int i = 0; i < count; i++) {
                floats[i] = halves[i] << 16;
            }
        }
        target.put(floats, 0, count);
        window.position(window.position() + count * Float.BYTES);
    }
}
