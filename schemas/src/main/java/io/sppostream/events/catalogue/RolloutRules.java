package io.sppostream.events.catalogue;

import io.sppostream.events.PolicySegment;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What makes a rollout invalid whatever the model. Anybody may write to {@code rollouts}, so whoever reads it asks these
 * rules first: the advantage stream expires an invalid rollout, and verifiers pass it over. What depends on the model
 * (vocabulary, context, versions) the policy learner checks.
 */
public final class RolloutRules {
    /** Rounding can lift the log-probability of a certain token this far above 0, in nats. */
    private static final float ROUNDING = 1e-3f;

    /**
     * Most bytes of a rollout's record. A training sample repeats its rollout beside verdicts and advantages, and has to
     * fit the log too ({@link Topics#MAX_MESSAGE_BYTES}).
     */
    public static final int MAX_BYTES = 8 << 20;

    private RolloutRules() {}

    /** What is wrong with a rollout, in words; null if nothing is. */
    public static @Nullable String violation(Rollout rollout) {
        String violation = idViolation(rollout);
        if (violation == null) {
            violation = purposeViolation(rollout);
        }
        if (violation == null) {
            violation = shapeViolation(rollout);
        }
        if (violation == null) {
            violation = segmentViolation(
                    rollout.getPolicySegments(), rollout.getResponseTokens().size());
        }
        return violation == null ? logProbViolation(FloatList.from(rollout.getBehaviourLogProbs())) : violation;
    }

    /** Why it cannot be told which request and sample a rollout belongs to; null if it can. */
    public static @Nullable String idViolation(Rollout rollout) {
        int sample = rollout.getSampleIndex();
        if (!PromptRules.hasValidSamples(rollout.getSamples()) || sample < 0 || sample >= rollout.getSamples()) {
            return "sample " + sample + " of a request that wants " + rollout.getSamples() + " samples: 1 to "
                    + PromptRules.MAX_SAMPLES + " are possible, counted from 0";
        }
        String violation = PromptRules.idViolation(rollout.getRequestId());
        if (violation != null) {
            return violation;
        }
        return isOf(rollout.getRolloutId(), rollout.getRequestId(), sample)
                ? null
                : "rolloutId '" + PromptRules.boundedId(rollout.getRolloutId())
                        + "' is not requestId/sampleIndex, nor requestId~hash/sampleIndex";
    }

    private static boolean isOf(String rolloutId, String requestId, int sample) {
        String followUp = RolloutIds.followUpId(rolloutId);
        return followUp == null
                ? rolloutId.equals(RolloutIds.of(requestId, sample))
                : RolloutIds.isFollowUpOf(followUp, requestId) && rolloutId.equals(RolloutIds.of(followUp, sample));
    }

    /** What is wrong with the place of a rollout in its group. */
    private static @Nullable String purposeViolation(Rollout rollout) {
        boolean isFirst = RolloutIds.followUpId(rollout.getRolloutId()) == null;
        RequestPurpose purpose = rollout.getPurpose();
        if (purpose == RequestPurpose.UNKNOWN || isFirst != (purpose == RequestPurpose.TRAIN)) {
            return (isFirst ? "a first sample" : "a rollout of a follow-up") + " has the purpose " + purpose;
        }
        RolloutParent parent = rollout.getParent();
        if (purpose == RequestPurpose.BRANCH && parent == null) {
            return "a branch has no parent";
        }
        if (parent == null || isFirst) {
            return null;
        }
        if (!RolloutIds.belongsTo(parent.getRolloutId(), rollout.getRequestId())) {
            return "its parent '" + PromptRules.boundedId(parent.getRolloutId()) + "' is no rollout of its request";
        }
        int read = rollout.getPromptTokens().size();
        return parent.getToken() < 1 || parent.getToken() >= read
                ? "it leaves its parent after " + parent.getToken() + " tokens of the " + read + " that the policy read"
                : null;
    }

    private static @Nullable String shapeViolation(Rollout rollout) {
        int tokens = rollout.getResponseTokens().size();
        int logProbs = rollout.getBehaviourLogProbs().size();
        if (rollout.getMessages().isEmpty()) {
            return "the rollout has no messages";
        }
        if (rollout.getPromptTokens().isEmpty()) {
            return "the rollout has no prompt tokens";
        }
        if (tokens == 0) {
            return "the rollout has no response tokens";
        }
        if (logProbs != tokens) {
            return logProbs + " log-probabilities for " + tokens + " response tokens";
        }
        return rollout.getTokenStarts() == null ? null : startsViolation(rollout);
    }

    private static @Nullable String startsViolation(Rollout rollout) {
        IntList starts = IntList.from(rollout.getTokenStarts());
        int tokens = rollout.getResponseTokens().size();
        if (starts.size() != tokens) {
            return starts.size() + " starts in the text for " + tokens + " response tokens";
        }
        int start = 0;
        for (int t = 0; t < tokens; t++) {
            if (starts.at(t) < start || starts.at(t) > rollout.getText().length()) {
                return "response token " + t + " begins at character " + starts.at(t) + ": its place is from " + start
                        + " to " + rollout.getText().length();
            }
            start = starts.at(t);
        }
        return null;
    }

    private static @Nullable String segmentViolation(List<PolicySegment> segments, int tokens) {
        int end = 0;
        int version = 0;
        for (PolicySegment segment : segments) {
            if (segment.getEndToken() <= end || segment.getEndToken() > tokens) {
                return "a policy segment ends at token " + segment.getEndToken() + ": its place is after " + end
                        + " and up to " + tokens;
            }
            if (segment.getPolicyVersion() < version) {
                return "a policy segment has version " + segment.getPolicyVersion() + " after version " + version
                        + ": versions start at 0 and do not go back";
            }
            end = segment.getEndToken();
            version = segment.getPolicyVersion();
        }
        return end == tokens ? null : "the policy segments cover " + end + " of " + tokens + " response tokens";
    }

    private static @Nullable String logProbViolation(FloatList logProbs) {
        for (int t = 0; t < logProbs.size(); t++) {
            float logProb = logProbs.at(t);
            if (!(logProb <= ROUNDING && logProb > Float.NEGATIVE_INFINITY)) {
                return "the log-probability of response token " + t + " is " + logProb
                        + ": it must be finite and not positive";
            }
        }
        return null;
    }
}
