package io.sppostream.feed.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * An endless sequence of a dataset's training problems: epoch after epoch, each shuffled anew unless the dataset is
 * ordered. Not thread-safe.
 */
public final class EpochOrder {
    private final List<Problem> problems;
    private final boolean ordered;
    private final long seed;
    private List<Problem> order = List.of();
    private long epoch = -1;

    /** @param seed of the shuffles */
    public EpochOrder(Dataset dataset, long seed) {
        this.problems = dataset.training();
        this.ordered = dataset.ordered();
        this.seed = seed;
    }

    /** The problem at an index, counted from 0; cheap while the index stays within an epoch. */
    public Problem at(long index) {
        if (ordered) {
            return problems.get((int) (index % problems.size()));
        }
        long epochOfIndex = index / problems.size();
        if (epochOfIndex != epoch) {
            order = new ArrayList<>(problems);
            Collections.shuffle(order, new Random(seed * 1_000_003 + epochOfIndex));
            epoch = epochOfIndex;
        }
        return order.get((int) (index % problems.size()));
    }
}
