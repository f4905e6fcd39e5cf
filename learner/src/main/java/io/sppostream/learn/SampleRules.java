package io.sppostream.learn;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.RolloutRules;
import io.sppostream.events.list.FloatList;
import io.sppostream.events.list.IntList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What makes a training sample unusable for a policy or critic of some shape. Pure functions. */
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
            violation = tokenViolation(rollout, "policy", vocabularySize, maxPositions);
        }
        for (RejectedRollout rejected : sample.getRejected()) {
            IntList tokens = IntList.from(rejected.getResponseTokens());
            if (violation == null && tokens.isEmpty()) {
                violation = "the rejected rollout " + rejected.getRolloutId() + " has no response tokens";
            }
            if (violation == null) {
                violation = tokenViolation("rejected response", tokens, "policy", vocabularySize);
            }
            if (violation == null) {
                violation = lengthViolation(rollout.getPromptTokens().size(), tokens.size(), "policy", maxPositions);
            }
        }
        return violation == null ? advantageViolation(sample) : violation;
    }

    /** Why a model cannot read prompt and response of a rollout, in words; null if it can. */
    static @Nullable String tokenViolation(Rollout rollout, String model, int vocabularySize, int maxPositions) {
        IntList prompt = IntList.from(rollout.getPromptTokens());
        IntList response = IntList.from(rollout.getResponseTokens());
        String violation = tokenViolation("prompt", prompt, model, vocabularySize);
        if (violation == null) {
            violation = tokenViolation("response", response, model, vocabularySize);
        }
        return violation == null ? lengthViolation(prompt.size(), response.size(), model, maxPositions) : violation;
    }

    private static @Nullable String lengthViolation(
            int promptTokens, int responseTokens, String model, int maxPositions) {
        // The last token is predicted and not read.
        int read = promptTokens + responseTokens - 1;
        return read > maxPositions
                ? "prompt and response have " + (read + 1) + " tokens: the " + model + " takes " + (maxPositions + 1)
                : null;
    }

    private static @Nullable String tokenViolation(String of, IntList tokens, String model, int vocabularySize) {
        for (int i = 0; i < tokens.size(); i++) {
            int id = tokens.at(i);
            if (id < 0 || id >= vocabularySize) {
                return of + " token " + i + " is " + id + ": the " + model + "'s vocabulary has ids from 0 to "
                        + (vocabularySize - 1);
            }
        }
        return null;
    }

    static @Nullable String advantageViolation(TrainingSample sample) {
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

    /** What is wrong with the values of a rollout's tokens, in words; null if nothing is. */
    static @Nullable String valueViolation(Rollout rollout, Value value) {
        List<Float> values = value.getTokenValues();
        int tokens = rollout.getResponseTokens().size();
        if (values == null || values.size() != tokens) {
            return (values == null ? 0 : values.size()) + " values for " + tokens + " response tokens";
        }
        FloatList list = FloatList.from(values);
        for (int t = 0; t < tokens; t++) {
            if (!Float.isFinite(list.at(t))) {
                return "the value before response token " + t + " is " + list.at(t);
            }
        }
        return null;
    }
}
