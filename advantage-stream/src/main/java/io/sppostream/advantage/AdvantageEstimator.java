package io.sppostream.advantage;

import io.sppostream.events.AdvantageSegment;
import java.util.List;

/** How the advantages of a response follow from its reward and the critic's value of its prompt. Pure functions. */
public sealed interface AdvantageEstimator permits SppoEstimator {
    /**
     * The estimator of a name.
     *
     * @throws IllegalArgumentException where there is none
     */
    static AdvantageEstimator named(String name) {
        if (name.equals(SppoEstimator.NAME)) {
            return new SppoEstimator();
        }
        throw new IllegalArgumentException("there is no advantage estimator '" + name + "'");
    }

    /** What configurations choose it by, and what its samples are signed with. */
    String name();

    /**
     * Advantages over a response, as runs of tokens in order of which the last ends at {@code tokens}.
     *
     * @param reward R in [0, 1]
     * @param value V in [0, 1], the critic's probability of a reward of 1
     * @param tokens T, the length of the response, at least 1
     */
    List<AdvantageSegment> estimate(double reward, double value, int tokens);
}
