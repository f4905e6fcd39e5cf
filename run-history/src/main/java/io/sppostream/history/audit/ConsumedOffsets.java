package io.sppostream.history.audit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far a model has consumed {@code advantages}, by the steps of its ledger and the offsets of its group. */
final class ConsumedOffsets {

    /**
     * A partition as consumed by a step.
     *
     * @param offset the next to consume; the largest so far
     * @param place of the ledger's record, or of the group's offset
     */
    record Consumption(int partition, long offset, int step, String place) {}

    private final Map<Integer, List<Consumption>> byPartition = new HashMap<>();

    private int lastStep;

    /** By consumption, the first sample that it passed and that has not settled. */
    private final Map<Consumption, Fact.Sampled> skipped = new HashMap<>();

    /** Adds a consumption, in the order of steps. */
    void add(Consumption next) {
        lastStep = Math.max(lastStep, next.step());
        List<Consumption> consumed = byPartition.computeIfAbsent(next.partition(), partition -> new ArrayList<>());
        if (consumed.isEmpty() || consumed.get(consumed.size() - 1).offset() < next.offset()) {
            consumed.add(next);
        }
    }

    /** The step that consumed an offset; null if none has. */
    @Nullable
    Consumption of(int partition, long offset) {
        List<Consumption> consumed = byPartition.getOrDefault(partition, List.of());
        int low = 0;
        int high = consumed.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (consumed.get(middle).offset() > offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low < consumed.size() ? consumed.get(low) : null;
    }

    /**
     * Whether a sample was passed without being trained in time.
     *
     * @param step that trained it; 0 if none has
     * @param lifetime steps in which it may be trained, from the one that consumed it on
     */
    boolean isSkipped(Consumption by, int step, int lifetime) {
        int lastChance = by.step() + lifetime - 1;
        return step == 0 ? lastChance <= lastStep : lastChance < step;
    }

    /** Notes a sample that a consumption has passed, although it has not settled. */
    void skip(Consumption by, Fact.Sampled sample) {
        skipped.merge(by, sample, (one, other) -> one.offset() <= other.offset() ? one : other);
    }

    /** The consumptions that passed samples. */
    Collection<Map.Entry<Consumption, Fact.Sampled>> skipped() {
        return skipped.entrySet();
    }
}
