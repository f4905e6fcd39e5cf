package io.sppostream.events.list;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** An unmodifiable list of ints in an array, such as the token ids of a response. */
public final class IntList extends AbstractList<Integer> implements RandomAccess {
    private final int[] values;

    private IntList(int[] values) {
        this.values = values;
    }

    /** A list of the values of an array, which the caller must not change afterwards. */
    public static IntList of(int... values) {
        return new IntList(values);
    }

    /** Any list as one of this type, copied unless it is one already. */
    public static IntList from(List<Integer> list) {
        return list instanceof IntList own ? own : new IntList(toArray(list));
    }

    /** The values of any list in an array of the caller's own. */
    public static int[] toArray(List<Integer> list) {
        if (list instanceof IntList own) {
            return own.values.clone();
        }
        int[] values = new int[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }

    /** The value at an index, without boxing. */
    public int at(int index) {
        return values[index];
    }

    @Override
    public Integer get(int index) {
        return values[index];
    }

    @Override
    public int size() {
        return values.length;
    }
}
