package io.sppostream.events.catalogue;

import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestSampling;
import org.jspecify.annotations.Nullable;

/**
 * What makes a prompt invalid whatever the model. Anybody may write to {@code prompts}, so whoever reads it asks these
 * rules first: a rollout producer expires an invalid prompt as a whole, or the rollouts of an invalid follow-up, and
 * the critic gives it no value. What depends on the model, the producer and the critic find themselves: a conversation
 * that the chat template refuses or that does not fit the context, and a policy version that is not published.
 */
public final class PromptRules {
    /** Most rollouts that one prompt may ask for. A producer holds them all in memory until they commit together. */
    public static final int MAX_SAMPLES = 1024;

    /** Most characters of a request id, which every record that descends from the prompt repeats. */
    public static final int MAX_ID_LENGTH = 512;

    private PromptRules() {}

    /** What is wrong with a prompt, in words; null if nothing is. */
    public static @Nullable String violation(Prompt prompt) {
        if (prompt.getMessages().isEmpty()) {
            return "the prompt has no messages";
        }
        if (!hasValidSamples(prompt.getSamples())) {
            return "the prompt asks for " + prompt.getSamples() + " samples: 1 to " + MAX_SAMPLES + " are possible";
        }
        RequestSampling sampling = prompt.getSampling();
        if (sampling != null && sampling.getMaxTokens() != null && sampling.getMaxTokens() < 1) {
            return "the prompt asks for responses of at most " + sampling.getMaxTokens()
                    + " tokens: at least 1 is needed";
        }
        String violation = idViolation(prompt.getRequestId());
        return violation == null && prompt.getFollowUp() != null
                ? violation(prompt.getFollowUp(), prompt.getRequestId())
                : violation;
    }

    private static @Nullable String violation(FollowUpRequest followUp, String requestId) {
        String id = followUp.getId();
        if (!RolloutIds.isFollowUpOf(id, requestId)) {
            return "the id of the follow-up, '" + boundedId(id) + "', is not requestId~hash";
        }
        String parent = followUp.getParent();
        if ((parent == null) != followUp.getPrefixTokens().isEmpty()) {
            return "the follow-up has " + followUp.getPrefixTokens().size() + " prefix tokens and "
                    + (parent == null ? "no parent" : "a parent") + ": a prefix is that of its parent";
        }
        if (parent != null && !RolloutIds.belongsTo(parent, requestId)) {
            return "the parent of the follow-up, '" + boundedId(parent) + "', is no rollout of its request";
        }
        return switch (followUp.getPurpose()) {
            case BASELINE, PREFIX_VALUE -> null;
            case BRANCH -> parent == null ? "the follow-up asks for branches of no rollout" : null;
            case TRAIN, UNKNOWN -> "the follow-up has the purpose " + followUp.getPurpose();
        };
    }

    /** What is wrong with a request id, in words; null if nothing is. */
    static @Nullable String idViolation(String requestId) {
        if (requestId.isEmpty() || requestId.length() > MAX_ID_LENGTH) {
            return "the requestId has " + requestId.length() + " characters: 1 to " + MAX_ID_LENGTH + " are possible";
        }
        return RolloutIds.isFollowUp(requestId)
                ? "the requestId ends like that of a follow-up, with ~ and 16 hexadecimal digits"
                : null;
    }

    /** An id as events that refuse its record repeat it: ids of valid requests and rollouts are unchanged. */
    public static String boundedId(String id) {
        return BoundedText.of(id, MAX_ID_LENGTH + 32);
    }

    /** Whether a request may want that many rollouts. */
    static boolean hasValidSamples(int samples) {
        return samples >= 1 && samples <= MAX_SAMPLES;
    }

    /** Rollouts that a prompt stands for when they are counted: those it asks for, or one if that number is invalid. */
    public static int rollouts(Prompt prompt) {
        return hasValidSamples(prompt.getSamples()) ? prompt.getSamples() : 1;
    }
}
