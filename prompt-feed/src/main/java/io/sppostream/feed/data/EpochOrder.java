package io.sppostream.feed.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A dataset's training problems without end: epoch after epoch, each in an order of its own. For one thread. */
public final class EpochOrder {
    private final List<Problem> problems;
    private final long seed;
    private List<Problem> order = List.of();
    private long epoch = -1;

    /** @param seed orders the epochs */
    public EpochOrder(Dataset dataset, long seed) {
        this.problems = dataset.training();
        this.seed = seed;
    }

    /** The problem at an index, counting from 0; cheap for as long as the index stays within an epoch. */
    public Problem at(long index) {
        long wanted = index / problems.size();
        if (wanted != epoch) {
            order = new ArrayList<>(problems);
            Collections.shuffle(order, new Random(seed * 1_000_003 + wanted));
            epoch = wanted;
        }
        return order.get((int) (index % problems.size()));
    }
}
