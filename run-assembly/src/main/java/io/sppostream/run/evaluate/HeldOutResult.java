package io.sppostream.run.evaluate;

import io.sppostream.log.LogException;
import org.jspecify.annotations.Nullable;

/**
 * The result of an evaluation.
 *
 * @param problems held-out problems that were judged
 * @param accuracy their mean reward, in [0, 1]; null if the answers were not judged
 * @param notJudgedBecause why they were not, in words; null if they were
 */
public record HeldOutResult(
        int problems, @Nullable Double accuracy, @Nullable String notJudgedBecause) {

    static HeldOutResult judged(int problems, double accuracy) {
        return new HeldOutResult(problems, accuracy, null);
    }

    static HeldOutResult notJudged(String because) {
        return new HeldOutResult(0, null, because);
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
