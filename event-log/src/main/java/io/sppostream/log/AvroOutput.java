package io.sppostream.log;

import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes Avro's binary encoding to an array that grows. Lists that were read are copied as they are. For one thread. */
final class AvroOutput {
    private static final int MOST_LONG_BYTES = 10;

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
        reserve(1);
        bytes[size++] = (byte) (value ? 1 : 0);
    }

    void writeInt(int value) {
        writeVarint((value << 1 ^ value >> (Integer.SIZE - 1)) & 0xFFFF_FFFFL);
    }

    void writeLong(long value) {
        writeVarint(value << 1 ^ value >> (Long.SIZE - 1));
    }

    private void writeVarint(long zigzag) {
        reserve(MOST_LONG_BYTES);
        long rest = zigzag;
        while ((rest & ~0x7FL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= Byte.SIZE - 1;
        }
        bytes[size++] = (byte) rest;
    }

    void writeFloat(float value) {
        writeFixed(Float.floatToRawIntBits(value), Float.BYTES);
    }

    void writeDouble(double value) {
        writeFixed(Double.doubleToRawLongBits(value), Double.BYTES);
    }

    private void writeFixed(long value, int count) {
        reserve(count);
        for (int i = 0; i < count; i++) {
            bytes[size++] = (byte) (value >>> (Byte.SIZE * i));
        }
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
            for (int i = 0; i < values.size(); i++) {
                writeInt(values.at(i));
            }
        }
    }

    /** The elements of an array. */
    void writeFloats(FloatList values) {
        reserve(Math.multiplyExact(values.size(), Float.BYTES));
        size = values.copyEncoded(bytes, size);
    }
}
