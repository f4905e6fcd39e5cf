package io.sppostream.learn.update;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import io.sppostream.model.TokenSequence;
import java.util.Arrays;
import java.util.List;

/**
 * A sample that the policy trains on.
 *
 * @param rolloutId identifies the sample
 * @param tokens token ids of prompt, shape [P], and response, shape [T]
 * @param behaviourLogProbs log-probabilities that the response tokens were sampled with, in nats, shape [T]
 * @param advantages advantage A of each response token, shape [T]
 */
public record PolicySample(String rolloutId, TokenSequence tokens, float[] behaviourLogProbs, double[] advantages) {

    /** Makes a sample of a rollout and its advantages, and gives each token the advantage of its segment. */
    public static PolicySample of(Rollout rollout, List<AdvantageSegment> segments) {
        int length = rollout.getResponseTokens().size();
        double[] advantages = new double[length];
        int from = 0;
        for (AdvantageSegment segment : segments) {
            Arrays.fill(advantages, from, segment.getEndToken(), segment.getAdvantage());
            from = segment.getEndToken();
        }
        return new PolicySample(
                rollout.getRolloutId(),
                new TokenSequence(
                        IntList.toArray(rollout.getPromptTokens()), IntList.toArray(rollout.getResponseTokens())),
                FloatList.toArray(rollout.getBehaviourLogProbs()),
                advantages);
    }
}
