package io.sppostream.events.list;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * An unmodifiable list of floats in an array, such as the log-probabilities of a response, or one in Avro's encoding, in
 * which it stays. Thread-safe.
 */
public final class FloatList extends AbstractList<Float> implements RandomAccess {
    private final int size;

    /** Null for a list in Avro's encoding. */
    private final float @Nullable [] values;

    /** Floats of four bytes, the lowest first, from the beginning; null for a list of an array. */
    private final @Nullable ByteBuffer bytes;

    private FloatList(float[] values) {
        this.size = values.length;
        this.values = values;
        this.bytes = null;
    }

    private FloatList(ByteBuffer bytes, int size) {
        this.size = size;
        this.values = null;
        this.bytes = bytes;
    }

    /** A list of the values of an array, which the caller must not change afterwards. */
    public static FloatList of(float... values) {
        return new FloatList(values);
    }

    /**
     * A list in Avro's encoding: four bytes a value, the lowest first. The caller must not change them afterwards.
     *
     * @param from index of the first byte
     * @param size how many floats they encode
     */
    public static FloatList encoded(byte[] bytes, int from, int size) {
        return new FloatList(
                ByteBuffer.wrap(bytes, from, size * Float.BYTES).slice().order(ByteOrder.LITTLE_ENDIAN), size);
    }

    /** Any list as one of this type, copied unless it is one already. */
    public static FloatList from(List<Float> list) {
        return list instanceof FloatList own ? own : new FloatList(toArray(list));
    }

    /** The values of any list in an array of the caller's own. */
    public static float[] toArray(List<Float> list) {
        if (list instanceof FloatList own) {
            return own.values == null ? own.decode() : own.values.clone();
        }
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    private float[] decode() {
        float[] decoded = new float[size];
        Objects.requireNonNull(bytes).asFloatBuffer().get(decoded);
        return decoded;
    }

    /** The values of any list in an array that the caller must not change: that of the list itself, if it has one. */
    public static float[] asArray(List<Float> list) {
        return list instanceof FloatList own && own.values != null ? own.values : toArray(list);
    }

    /** The values of any list in double precision. */
    public static double[] toDoubles(List<Float> list) {
        float[] values = asArray(list);
        double[] doubles = new double[values.length];
        for (int i = 0; i < doubles.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /** Copies the values in Avro's encoding to an index; returns the one after them. */
    public int copyEncoded(byte[] target, int at) {
        ByteBuffer to = ByteBuffer.wrap(target, at, size * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (values == null) {
            to.put(Objects.requireNonNull(bytes).duplicate());
        } else {
            to.asFloatBuffer().put(values);
        }
        return at + size * Float.BYTES;
    }

    /** This list and another one after it. */
    public FloatList followedBy(FloatList other) {
        if (isEmpty()) {
            return other;
        }
        float[] both = Arrays.copyOf(asArray(this), Math.addExact(size, other.size));
        System.arraycopy(asArray(other), 0, both, size, other.size);
        return new FloatList(both);
    }

    /** The value at an index, without boxing. */
    public float at(int index) {
        return values == null ? Objects.requireNonNull(bytes).getFloat(index * Float.BYTES) : values[index];
    }

    @Override
    public Float get(int index) {
        return at(index);
    }

    @Override
    public int size() {
        return size;
    }
}
