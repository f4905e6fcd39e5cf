package io.sppostream.advantage;

import io.sppostream.events.AdvantageSegment;
import java.util.List;

/**
 * Sequence-level PPO (SPPO, arXiv 2604.08865): {@code A = R - V(s_p)}, one scalar for every token of the response. The
 * response is a single action: nothing is discounted, whitened or scaled. {@code A} is in [-1, 1], and 0 if the critic
 * predicted the reward exactly.
 */
public final class SppoEstimator implements AdvantageEstimator {
    static final String NAME = "sppo";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<AdvantageSegment> estimate(double reward, double value, int tokens) {
        return List.of(new AdvantageSegment(tokens, reward - value, true));
    }
}
