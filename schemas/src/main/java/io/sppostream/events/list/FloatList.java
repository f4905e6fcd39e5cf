package io.sppostream.events.list;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** An unmodifiable list of floats in an array, such as the log-probabilities of a response. */
public final class FloatList extends AbstractList<Float> implements RandomAccess {
    private final float[] values;

    private FloatList(float[] values) {
        this.values = values;
    }

    /** A list of the values of an array, which the caller must not change afterwards. */
    public static FloatList of(float... values) {
        return new FloatList(values);
    }

    /** Any list as one of this type, copied unless it is one already. */
    public static FloatList from(List<Float> list) {
        return list instanceof FloatList own ? own : new FloatList(toArray(list));
    }

    /** The values of any list in an array of the caller's own. */
    public static float[] toArray(List<Float> list) {
        if (list instanceof FloatList own) {
            return own.values.clone();
        }
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    /** The values of any list in an array that the caller must not change: that of the list itself, if it has one. */
    public static float[] asArray(List<Float> list) {
        return list instanceof FloatList own ? own.values : toArray(list);
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

    /** The value at an index, without boxing. */
    public float at(int index) {
        return values[index];
    }

    @Override
    public Float get(int index) {
        return values[index];
    }

    @Override
    public int size() {
        return values.length;
    }
}
