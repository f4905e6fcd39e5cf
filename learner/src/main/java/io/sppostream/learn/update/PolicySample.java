package io.sppostream.learn.update;

import io.sppostream.estimator.Segments;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
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
 * @param rejected the responses to which this one is preferred; empty unless the objective is a preference
 * @param onPolicy whether the weights that the step begins with are known to have sampled the response
 */
public record PolicySample(
        String rolloutId,
        String requestId,
        TokenSequence tokens,
        float[] behaviourLogProbs,
        double[] advantages,
        boolean[] trained,
        List<RejectedResponse> rejected,
        boolean onPolicy) {

    /** A sample that is not preferred to others, of an unknown policy. */
    public PolicySample(
            String rolloutId,
            String requestId,
            TokenSequence tokens,
            float[] behaviourLogProbs,
            double[] advantages,
            boolean[] trained) {
        this(rolloutId, requestId, tokens, behaviourLogProbs, advantages, trained, List.of(), false);
    }

    /**
     * A training sample as the policy trains on it.
     *
     * @param weightsSha256 hash of the weights that the step begins with
     */
    public static PolicySample of(TrainingSample sample, String weightsSha256) {
        Rollout rollout = sample.getRollout();
        return of(rollout, sample.getSegments(), sample.getRejected())
                .withOnPolicy(rollout.getPolicySegments().stream()
                        .allMatch(segment -> segment.getWeightsSha256().equals(weightsSha256)));
    }

    /**
     * Makes a sample of a rollout and its advantages, and gives each token advantage and mask of its segment. Whether it is
     * on-policy is not known.
     *
     * @param rejected the rollouts to which it is preferred; they answer the same prompt
     */
    public static PolicySample of(Rollout rollout, List<AdvantageSegment> segments, List<RejectedRollout> rejected) {
        TokenSequence tokens = tokens(rollout);
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
                tokens,
                FloatList.toArray(rollout.getBehaviourLogProbs()),
                advantages,
                trained,
                rejected.stream()
                        .map(other -> new RejectedResponse(
                                other.getRolloutId(),
                                new TokenSequence(tokens.prompt(), IntList.toArray(other.getResponseTokens()))))
                        .toList(),
                false);
    }

    /** The token ids of a rollout's prompt and response. */
    public static TokenSequence tokens(Rollout rollout) {
        return new TokenSequence(
                IntList.toArray(rollout.getPromptTokens()), IntList.toArray(rollout.getResponseTokens()));
    }

    /** The same sample with other advantages, shape [T]. */
    PolicySample withAdvantages(double[] other) {
        return new PolicySample(rolloutId, requestId, tokens, behaviourLogProbs, other, trained, rejected, onPolicy);
    }

    private PolicySample withOnPolicy(boolean is) {
        return new PolicySample(rolloutId, requestId, tokens, behaviourLogProbs, advantages, trained, rejected, is);
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
