package io.sppostream.learn;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.events.list.IntList;
import org.jspecify.annotations.Nullable;

/** What makes a training sample unusable for a policy of some shape. Pure functions. */
final class SampleRules {
    private SampleRules() {}

    /**
     * What is wrong with a sample, in words; null if nothing is.
     *
     * @param vocabularySize token ids that the policy knows
     * @param maxPositions the policy's context: most tokens it reads
     */
    static @Nullable String violation(TrainingSample sample, int vocabularySize, int maxPositions) {
        Rollout rollout = sample.getRollout();
        String violation = RolloutRules.violation(rollout);
        if (violation == null) {
            violation = tokenViolation("prompt", IntList.from(rollout.getPromptTokens()), vocabularySize);
        }
        if (violation == null) {
            violation = tokenViolation("response", IntList.from(rollout.getResponseTokens()), vocabularySize);
        }
        int promptTokens = rollout.getPromptTokens().size();
        if (violation == null) {
            violation =
                    lengthViolation(promptTokens, rollout.getResponseTokens().size(), maxPositions);
        }
        for (RejectedRollout rejected : sample.getRejected()) {
            IntList tokens = IntList.from(rejected.getResponseTokens());
            if (violation == null && tokens.isEmpty()) {
                violation = "the rejected rollout " + rejected.getRolloutId() + " has no response tokens";
            }
            if (violation == null) {
                violation = tokenViolation("rejected response", tokens, vocabularySize);
            }
            if (violation == null) {
                violation = lengthViolation(promptTokens, tokens.size(), maxPositions);
            }
        }
        return violation == null ? advantageViolation(sample) : violation;
    }

    private static @Nullable String lengthViolation(int promptTokens, int responseTokens, int maxPositions) {
        // The policy predicts the last token and does not read it.
        int read = promptTokens + responseTokens - 1;
        return read > maxPositions
                ? "prompt and response have " + (read + 1) + " tokens: the policy takes " + (maxPositions + 1)
                : null;
    }

    private static @Nullable String tokenViolation(String of, IntList tokens, int vocabularySize) {
        for (int i = 0; i < tokens.size(); i++) {
            int id = tokens.at(i);
            if (id < 0 || id >= vocabularySize) {
                return of + " token " + i + " is " + id + ": the policy's vocabulary has ids from 0 to "
                        + (vocabularySize - 1);
            }
        }
        return null;
    }

    private static @Nullable String advantageViolation(TrainingSample sample) {
        if (!Double.isFinite(sample.getReward())) {
            return "the reward is " + sample.getReward();
        }
        int tokens = sample.getRollout().getResponseTokens().size();
        int end = 0;
        for (AdvantageSegment segment : sample.getSegments()) {
            if (segment.getEndToken() <= end || segment.getEndToken() > tokens) {
                return "an advantage segment ends at token " + segment.getEndToken() + ": its place is after " + end
                        + " and up to " + tokens;
            }
            if (!Float.isFinite((float) segment.getAdvantage())) {
                return "the advantage up to token " + segment.getEndToken() + " is " + segment.getAdvantage();
            }
            end = segment.getEndToken();
        }
        return end == tokens ? null : "the advantages cover " + end + " of " + tokens + " response tokens";
    }
}
