package io.sppostream.learn.update;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** The order in which the samples of a step are trained, and their mini-batches. */
public final class TrainingOrder {
    private TrainingOrder() {}

    /**
     * Returns the samples in training order: sorted by id, so that the order of arrival does not matter, then shuffled
     * by the run's seed and the step.
     */
    public static <T> List<T> of(List<T> samples, Function<T, String> id, long seed, int step) {
        List<T> order = new ArrayList<>(samples);
        order.sort(Comparator.comparing(id));
        Collections.shuffle(order, new Random(Long.rotateLeft(seed * 0x9E3779B97F4A7C15L, 32) ^ step));
        return order;
    }

    /**
     * Cuts the order into mini-batches of equal size; if it does not divide evenly, the first ones have one sample
     * more. None is empty: with fewer samples than mini-batches, each sample is a mini-batch.
     */
    public static <T> List<List<T>> miniBatches(List<T> order, int count) {
        int batchCount = Math.min(count, order.size());
        List<List<T>> batches = new ArrayList<>(batchCount);
        int from = 0;
        for (int i = 0; i < batchCount; i++) {
            int size = order.size() / batchCount + (i < order.size() % batchCount ? 1 : 0);
            batches.add(order.subList(from, from + size));
            from += size;
        }
        return batches;
    }
}
