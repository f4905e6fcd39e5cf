package io.sppostream.log;

import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.io.EOFException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.AvroRuntimeException;

/**
 * Reads Avro's binary encoding from an array. Long lists of numbers are checked, but decoded only when they are asked for:
 * most readers of a rollout pass its tokens on or do not look at them. Methods throw {@link EOFException} if the bytes end
 * before the value, and {@link AvroRuntimeException} if they encode none. For one thread.
 */
final class AvroInput {
    /** Shorter lists are decoded at once. */
    private static final int LONG_LIST = 64;

    private static final int MOST_INT_BYTES = 5;
    private static final int MOST_LONG_BYTES = 10;

    /** Bits of a number in each of its bytes. */
    private static final int VALUE_BITS = 7;

    /** The bit of each of eight bytes that says that its number goes on. */
    private static final long GOES_ON = 0x8080_8080_8080_8080L;

    private static final VarHandle EIGHT_BYTES =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private int position;

    /** @param from index of the first byte */
    AvroInput(byte[] bytes, int from) {
        this.bytes = bytes;
        this.position = from;
    }

    private int remaining() {
        return bytes.length - position;
    }

    private byte next() throws EOFException {
        if (position >= bytes.length) {
            throw new EOFException("the bytes end within a value");
        }
        return bytes[position++];
    }

    boolean readBoolean() throws EOFException {
        return next() == 1;
    }

    int readInt() throws EOFException {
        int zigzag = (int) readVarint(MOST_INT_BYTES);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    long readLong() throws EOFException {
        long zigzag = readVarint(MOST_LONG_BYTES);
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    private long readVarint(int mostBytes) throws EOFException {
        long value = 0;
        for (int shift = 0; shift < VALUE_BITS * mostBytes; shift += VALUE_BITS) {
            byte next = next();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw tooLong();
    }

    private static AvroRuntimeException tooLong() {
        return new AvroRuntimeException("a number has too many bytes");
    }

    float readFloat() throws EOFException {
        return Float.intBitsToFloat((int) readFixed(Float.BYTES));
    }

    double readDouble() throws EOFException {
        return Double.longBitsToDouble(readFixed(Double.BYTES));
    }

    private long readFixed(int count) throws EOFException {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (next() & 0xFFL) << (Byte.SIZE * i);
        }
        return value;
    }

    String readString() throws EOFException {
        int from = skipBytes();
        return new String(bytes, from, position - from, StandardCharsets.UTF_8);
    }

    byte[] readBytes() throws EOFException {
        int from = skipBytes();
        return Arrays.copyOfRange(bytes, from, position);
    }

    /** Skips a string, or bytes; returns where they begin. */
    int skipBytes() throws EOFException {
        return skip(readLong());
    }

    /** Skips bytes; returns where they begin. */
    private int skip(long count) throws EOFException {
        if (count < 0 || count > remaining()) {
            throw new EOFException(count + " bytes are announced, " + remaining() + " remain");
        }
        int from = position;
        position += (int) count;
        return from;
    }

    /** How many elements the next block of an array or map has; 0 at the end. */
    long readBlock() throws EOFException {
        long count = readLong();
        if (count < 0) {
            readLong(); // How many bytes the block has.
        }
        return Math.absExact(count);
    }

    /** As {@link #readBlock()}, but skips the blocks that say how many bytes they have. */
    long skipBlock() throws EOFException {
        long count = readLong();
        while (count < 0) {
            skip(readLong());
            count = readLong();
        }
        return count;
    }

    /** The ints of a block. */
    IntList readInts(long count) throws EOFException {
        if (count >= LONG_LIST) {
            int from = skipInts(count);
            return IntList.encoded(bytes, from, position, (int) count);
        }
        int[] values = new int[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = readInt();
        }
        return IntList.of(values);
    }

    /** Skips ints, having checked them; returns where they begin. */
    int skipInts(long count) throws EOFException {
        if (count > remaining()) { // Each has a byte at least.
            throw new EOFException(count + " ints are announced, " + remaining() + " bytes remain");
        }
        int from = position;
        int left = (int) count;
        long before = 0; // The eight bytes before those at the position.
        while (left >= Long.BYTES && remaining() >= Long.BYTES) {
            long goesOn = (long) EIGHT_BYTES.get(bytes, position) & GOES_ON;
            // Of each byte: whether it and the four before it go on.
            if ((goesOn
                            & (goesOn << 8 | before >>> 56)
                            & (goesOn << 16 | before >>> 48)
                            & (goesOn << 24 | before >>> 40)
                            & (goesOn << 32 | before >>> 32))
                    != 0) {
                throw tooLong();
            }
            left -= Long.BYTES - Long.bitCount(goesOn);
            position += Long.BYTES;
            before = goesOn;
        }
        position -= Long.numberOfLeadingZeros(before ^ GOES_ON) / Byte.SIZE; // Back to the first byte of a number.
        for (; left > 0; left--) {
            readInt();
        }
        return from;
    }

    /** The floats of a block. */
    FloatList readFloats(long count) throws EOFException {
        if (count >= LONG_LIST) {
            return FloatList.encoded(bytes, skipFloats(count), (int) count);
        }
        float[] values = new float[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = readFloat();
        }
        return FloatList.of(values);
    }

    /** Skips floats; returns where they begin. */
    int skipFloats(long count) throws EOFException {
        if (count > remaining() / Float.BYTES) {
            throw new EOFException(count + " floats are announced, " + remaining() + " bytes remain");
        }
        return skip(count * Float.BYTES);
    }
}
