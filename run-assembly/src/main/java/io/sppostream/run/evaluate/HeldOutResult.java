package io.sppostream.run.evaluate;

import io.sppostream.log.LogException;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The result of an evaluation.
 *
 * @param problems held-out problems that were judged
 * @param accuracy their mean reward, in [0, 1]; null if the answers were not judged
 * @param notJudgedBecause why they were not, in words; null if they were
 * @param accuracyByTier mean reward in each tier of difficulty; empty if the dataset has none
 */
public record HeldOutResult(
        int problems,
        @Nullable Double accuracy,
        @Nullable String notJudgedBecause,
        SortedMap<String, Double> accuracyByTier) {

    public HeldOutResult {
        accuracyByTier = Collections.unmodifiableSortedMap(new TreeMap<>(accuracyByTier));
    }

    static HeldOutResult judged(int problems, double accuracy) {
        return new HeldOutResult(problems, accuracy, null, Collections.emptySortedMap());
    }

    static HeldOutResult notJudged(String because) {
        return new HeldOutResult(0, null, because, Collections.emptySortedMap());
    }

    HeldOutResult withTiers(SortedMap<String, Double> accuracies) {
        return new HeldOutResult(problems, accuracy, notJudgedBecause, accuracies);
    }

    /**
     * The accuracy.
     *
     * @throws LogException if the answers were not judged
     */
    public double requireAccuracy() {
        if (accuracy == null) {
            throw new LogException("held-out accuracy is not judged: " + notJudgedBecause);
        }
        return accuracy;
    }
}
