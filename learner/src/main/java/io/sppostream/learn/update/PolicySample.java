package io.sppostream.learn.update;

import io.sppostream.estimator.Segments;
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
 * @param requestId identifies its group: samples of the same request
 * @param tokens token ids of prompt, shape [P], and response, shape [T]
 * @param behaviourLogProbs log-probabilities that the response tokens were sampled with, in nats, shape [T]
 * @param advantages advantage A of each response token, shape [T]
 * @param trained whether each response token carries loss, shape [T]
 */
public record PolicySample(
        String rolloutId,
        String requestId,
        TokenSequence tokens,
        float[] behaviourLogProbs,
        double[] advantages,
        boolean[] trained) {

    /** Makes a sample of a rollout and its advantages, and gives each token advantage and mask of its segment. */
    public static PolicySample of(Rollout rollout, List<AdvantageSegment> segments) {
        int length = rollout.getResponseTokens().size();
        double[] advantages = new double[length];
        boolean[] trained = new boolean[length];
        int from = 0;
        for (AdvantageSegment segment : segments) {
            Arrays.fill(advantages, from, segment.getEndToken(), segment.getAdvantage());
            Arrays.fill(trained, from, segment.getEndToken(), segment.getTrained());
            from = segment.getEndToken();
        }
        return new PolicySample(
                rollout.getRolloutId(),
                rollout.getRequestId(),
                tokens(rollout),
                FloatList.toArray(rollout.getBehaviourLogProbs()),
                advantages,
                trained);
    }

    /** The token ids of a rollout's prompt and response. */
    public static TokenSequence tokens(Rollout rollout) {
        return new TokenSequence(
                IntList.toArray(rollout.getPromptTokens()), IntList.toArray(rollout.getResponseTokens()));
    }

    /** The same sample with other advantages, shape [T]. */
    PolicySample withAdvantages(double[] other) {
        return new PolicySample(rolloutId, requestId, tokens, behaviourLogProbs, other, trained);
    }

    /** The number of tokens that carry loss. */
    int trainedTokens() {
        int count = 0;
        for (boolean each : trained) {
            count += each ? 1 : 0;
        }
        return count;
    }

    /** The advantages as segments. */
    Segments segments() {
        return Segments.of(advantages, trained);
    }
}
