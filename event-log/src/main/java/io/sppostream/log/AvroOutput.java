package io.sppostream.log;

import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.avro.io.BinaryData;

/** Writes Avro's binary encoding to an array that grows. Lists that were read are copied as they are. For one thread. */
final class AvroOutput {
    /** Most bytes of a number of any type. */
    private static final int MOST_NUMBER_BYTES = 10;

    private byte[] bytes = new byte[1 << 10];
    private int size;

    /** Forgets what was written, and keeps the memory. */
    void clear() {
        size = 0;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void reserve(int more) {
        int needed = Math.addExact(size, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length + bytes.length / 2));
        }
    }

    void writeBoolean(boolean value) {
        reserve(MOST_NUMBER_BYTES);
        size += BinaryData.encodeBoolean(value, bytes, size);
    }

    void writeInt(int value) {
        reserve(MOST_NUMBER_BYTES);
        size += BinaryData.encodeInt(value, bytes, size);
    }

    void writeLong(long value) {
        reserve(MOST_NUMBER_BYTES);
        size += BinaryData.encodeLong(value, bytes, size);
    }

    void writeFloat(float value) {
        reserve(MOST_NUMBER_BYTES);
        size += BinaryData.encodeFloat(value, bytes, size);
    }

    void writeDouble(double value) {
        reserve(MOST_NUMBER_BYTES);
        size += BinaryData.encodeDouble(value, bytes, size);
    }

    /** Bytes without their number. */
    void writeFixed(byte... value) {
        reserve(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    void writeString(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        writeInt(utf8.length);
        writeFixed(utf8);
    }

    void writeBytes(ByteBuffer value) {
        int count = value.remaining();
        writeInt(count);
        reserve(count);
        value.duplicate().get(bytes, size, count);
        size += count;
    }

    /** Begins an array or map, whose elements follow. */
    void beginBlock(int count) {
        if (count > 0) {
            writeInt(count);
        }
    }

    /** Ends an array or map. */
    void endBlocks() {
        writeInt(0);
    }

    /** The elements of an array. */
    void writeInts(IntList values) {
        if (values.isEncoded()) {
            reserve(values.encodedBytes());
            size = values.copyEncoded(bytes, size);
        } else {
            for (int value : IntList.asArray(values)) {
                writeInt(value);
            }
        }
    }

    /** The elements of an array. */
    void writeFloats(FloatList values) {
        reserve(Math.multiplyExact(values.size(), Float.BYTES));
        size = values.copyEncoded(bytes, size);
    }
}
