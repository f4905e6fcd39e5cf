package io.sppostream.events.list;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * An unmodifiable list of ints in an array, such as the token ids of a response, or one in Avro's encoding, which is
 * decoded when its values are first asked for. Thread-safe.
 */
public final class IntList extends AbstractList<Integer> implements RandomAccess {
    private final int size;

    /** Ints as Avro encodes them, from one index to another; null for a list of an array. */
    private final byte @Nullable [] bytes;

    private final int from;
    private final int to;

    /** Null until a list in Avro's encoding is decoded. */
    private volatile int @Nullable [] values;

    private IntList(int[] values) {
        this.values = values;
        this.size = values.length;
        this.bytes = null;
        this.from = 0;
        this.to = 0;
    }

    private IntList(byte[] bytes, int from, int to, int size) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        this.size = size;
    }

    /** A list of the values of an array, which the caller must not change afterwards. */
    public static IntList of(int... values) {
        return new IntList(values);
    }

    /**
     * A list in Avro's encoding: zigzag numbers of 1 to 5 bytes, without the headers of array blocks. The caller has
     * checked that there are as many whole numbers, and must not change the bytes afterwards.
     *
     * @param from index of the first byte
     * @param to index after the last byte
     * @param size how many ints they encode
     */
    public static IntList encoded(byte[] bytes, int from, int to, int size) {
        return new IntList(bytes, from, to, size);
    }

    /** Any list as one of this type, copied unless it is one already. */
    public static IntList from(List<Integer> list) {
        return list instanceof IntList own ? own : new IntList(toArray(list));
    }

    /** The values of any list in an array of the caller's own. */
    public static int[] toArray(List<Integer> list) {
        if (list instanceof IntList own) {
            int[] decoded = own.values;
            return decoded == null ? own.decode() : decoded.clone();
        }
        int[] values = new int[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    /** The values of any list in an array that the caller must not change: that of the list itself, if it has one. */
    public static int[] asArray(List<Integer> list) {
        return list instanceof IntList own ? own.values() : toArray(list);
    }

    private int[] values() {
        int[] decoded = values;
        if (decoded == null) {
            decoded = decode();
            values = decoded;
        }
        return decoded;
    }

    private int[] decode() {
        byte[] encoded = Objects.requireNonNull(bytes);
        int[] decoded = new int[size];
        int at = from;
        for (int i = 0; i < decoded.length; i++) {
            byte next = encoded[at++];
            int zigzag = next & 0x7F;
            for (int shift = Byte.SIZE - 1; next < 0; shift += Byte.SIZE - 1) {
                next = encoded[at++];
                zigzag |= (next & 0x7F) << shift;
            }
            decoded[i] = (zigzag >>> 1) ^ -(zigzag & 1);
        }
        return decoded;
    }

    /** Whether the list has its values in Avro's encoding. */
    public boolean isEncoded() {
        return bytes != null;
    }

    /** Bytes of the values in Avro's encoding, of a list that {@linkplain #isEncoded() has} it. */
    public int encodedBytes() {
        return to - from;
    }

    /** Copies the values in Avro's encoding, of a list that has it, to an index; returns the one after them. */
    public int copyEncoded(byte[] target, int at) {
        System.arraycopy(Objects.requireNonNull(bytes), from, target, at, to - from);
        return at + to - from;
    }

    /** This list and another one after it. */
    public IntList followedBy(IntList other) {
        if (isEmpty()) {
            return other;
        }
        int[] both = Arrays.copyOf(values(), Math.addExact(size, other.size));
        System.arraycopy(other.values(), 0, both, size, other.size);
        return new IntList(both);
    }

    /** The value at an index, without boxing. */
    public int at(int index) {
        return values()[index];
    }

    @Override
    public Integer get(int index) {
        return at(index);
    }

    @Override
    public int size() {
        return size;
    }
}
