package io.sppostream.events.catalogue;

import io.sppostream.events.Prompt;
import org.jspecify.annotations.Nullable;

/**
 * What makes a prompt invalid whatever the model. Anybody may write to {@code prompts}, so whoever reads it asks these
 * rules first: a rollout producer expires an invalid prompt as a whole, the critic gives it no value. What depends on
 * the model, the producer and the critic find themselves: a conversation that the chat template refuses or that does
 * not fit the context, and a policy version that is not published.
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
        return idViolation(prompt.getRequestId());
    }

    /** What is wrong with a request id, in words; null if nothing is. */
    static @Nullable String idViolation(String requestId) {
        return requestId.isEmpty() || requestId.length() > MAX_ID_LENGTH
                ? "the requestId has " + requestId.length() + " characters: 1 to " + MAX_ID_LENGTH + " are possible"
                : null;
    }

    /** An id as events that refuse its record repeat it: ids of valid requests and rollouts are unchanged. */
    public static String boundedId(String id) {
        return BoundedText.of(id, MAX_ID_LENGTH + 12);
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
