package io.sppostream.estimator.builtin;

import io.sppostream.estimator.GroupRollout;
import java.util.List;

/** Sums over the rewards of a group, in its order. */
final class Rewards {
    private Rewards() {}

    /** R of judged rollouts, shape [n]. */
    static double[] of(List<GroupRollout> judged) {
        return judged.stream().mapToDouble(GroupRollout::requireReward).toArray();
    }

    /**
     * R - mean, shape [n]. Deviations from the first reward are averaged rather than rewards, so that equal rewards give
     * exactly 0.
     */
    static double[] centred(double[] rewards) {
        double sum = 0;
        for (double reward : rewards) {
            sum += reward - rewards[0];
        }
        double mean = sum / rewards.length;
        double[] centred = new double[rewards.length];
        for (int i = 0; i < rewards.length; i++) {
            centred[i] = rewards[i] - rewards[0] - mean;
        }
        return centred;
    }

    /** The sum of squares. */
    static double sumOfSquares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }
}
