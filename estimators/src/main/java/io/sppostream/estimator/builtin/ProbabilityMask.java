package io.sppostream.estimator.builtin;

import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Segments;
import java.util.Arrays;
import java.util.Optional;

/**
 * The probability mask of SPO (arXiv 2505.23564): only tokens that the policy was not sure of, {@code p < threshold}
 * when they were sampled, carry loss.
 */
final class ProbabilityMask {
    static final EstimatorSetting<Double> THRESHOLD = EstimatorSetting.number(
            "threshold", 0.9, 0.001, 1, "A token is uncertain if it was sampled with a probability below this.");

    private ProbabilityMask() {}

    /** Which tokens are below the threshold, shape [T]. */
    static boolean[] of(float[] logProbs, double threshold) {
        // The logarithm of one number instead of the exponentials of all, and StrictMath: the same bits everywhere.
        double least = StrictMath.log(threshold);
        boolean[] below = new boolean[logProbs.length];
        for (int t = 0; t < logProbs.length; t++) {
            below[t] = logProbs[t] < least;
        }
        return below;
    }

    /** A credit of the tokens below the threshold; empty if there are none, as nothing would be trained. */
    static Optional<Credit> credit(GroupRollout rollout, double[] advantages, double threshold) {
        Segments masked = Segments.of(advantages, of(rollout.requireLogProbs(), threshold));
        return masked.trainedTokens() == 0 ? Optional.empty() : Optional.of(new Credit(rollout.id(), masked));
    }

    /** The same with one advantage for all tokens. */
    static Optional<Credit> credit(GroupRollout rollout, double advantage, double threshold) {
        double[] advantages = new double[rollout.length()];
        Arrays.fill(advantages, advantage);
        return credit(rollout, advantages, threshold);
    }
}
