package io.sppostream.history.audit;

import org.apache.avro.Schema;

/** Moves over values in Avro's binary encoding without decoding them. */
final class AvroCursor {
    private final byte[] bytes;
    private int position;
    private boolean plain = true;

    AvroCursor(byte[] bytes, int position) {
        this.bytes = bytes;
        this.position = position;
    }

    int position() {
        return position;
    }

    /** Whether all values so far have one possible encoding only: arrays in one block, maps with at most one entry. */
    boolean isPlain() {
        return plain;
    }

    /**
     * Moves past a value.
     *
     * @throws IndexOutOfBoundsException if the bytes end within it
     */
    void skip(Schema schema) {
        switch (schema.getType()) {
            case NULL -> {}
            case BOOLEAN -> advance(1);
            case INT, LONG, ENUM -> skipLong();
            case FLOAT -> advance(Float.BYTES);
            case DOUBLE -> advance(Double.BYTES);
            case FIXED -> advance(schema.getFixedSize());
            case STRING, BYTES -> skipBytes();
            case UNION -> skip(schema.getTypes().get((int) readLong()));
            case RECORD -> schema.getFields().forEach(field -> skip(field.schema()));
            case ARRAY -> skipBlocks(schema.getElementType(), false);
            case MAP -> skipBlocks(schema.getValueType(), true);
        }
    }

    private void skipBlocks(Schema element, boolean hasKeys) {
        int blocks = 0;
        for (long count = readLong(); count != 0; count = readLong()) {
            plain &= ++blocks == 1 && count > 0 && (!hasKeys || count == 1);
            if (count < 0) {
                advance(readLong()); // The block has its length in bytes.
                continue;
            }
            for (long i = 0; i < count; i++) {
                if (hasKeys) {
                    skipBytes();
                }
                skip(element);
            }
        }
    }

    private void skipBytes() {
        advance(readLong());
    }

    private void skipLong() {
        while (bytes[position++] < 0) {}
    }

    private void advance(long length) {
        if (length < 0 || length > bytes.length - position) {
            throw new IndexOutOfBoundsException(
                    "a value of " + length + " bytes at " + position + " of " + bytes.length);
        }
        position += (int) length;
    }

    /** Reads the number of elements in the next block of an array; 0 after the last. */
    long readBlock() {
        long count = readLong();
        if (count >= 0) {
            return count;
        }
        readLong(); // The length of the block in bytes.
        return -count;
    }

    /** Reads an int or a long. */
    long readLong() {
        long bits = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = bytes[position++];
            bits |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return bits >>> 1 ^ -(bits & 1);
            }
        }
    }
}
