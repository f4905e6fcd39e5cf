package io.sppostream.advantage;

import io.sppostream.events.AdvantageSegment;
import java.util.List;

/** Computes the advantages of a response from its reward and the critic's value of its prompt. Pure functions. */
public sealed interface AdvantageEstimator permits SppoEstimator {
    /**
     * The estimator with a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static AdvantageEstimator named(String name) {
        if (name.equals(SppoEstimator.NAME)) {
            return new SppoEstimator();
        }
        throw new IllegalArgumentException("there is no advantage estimator '" + name + "'");
    }

    /** The name that configurations choose it by, and that training samples record. */
    String name();

    /**
     * The advantages of a response's tokens, as segments in order; the last one ends at {@code tokens}.
     *
     * @param reward R in [0, 1]
     * @param value V in [0, 1], the critic's probability of a reward of 1
     * @param tokens T, the length of the response, at least 1
     */
    List<AdvantageSegment> estimate(double reward, double value, int tokens);
}
