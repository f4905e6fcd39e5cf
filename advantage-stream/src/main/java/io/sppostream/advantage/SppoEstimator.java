package io.sppostream.advantage;

import io.sppostream.events.AdvantageSegment;
import java.util.List;

/**
 * Sequence-level PPO (SPPO, arXiv 2604.08865): {@code A = R - V(s_p)}, one scalar for every token of the response. The
 * response is one action, so that there is nothing to discount, and nothing is whitened or scaled. {@code A} is in
 * [-1, 1], and 0 where the critic foresaw the reward.
 */
public final class SppoEstimator implements AdvantageEstimator {
    static final String NAME = "sppo";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<AdvantageSegment> estimate(double reward, double value, int tokens) {
        return List.of(new AdvantageSegment(tokens, reward - value));
    }
}
