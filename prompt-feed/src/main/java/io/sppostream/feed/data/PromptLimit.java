package io.sppostream.feed.data;

import io.sppostream.events.Message;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * The longest prompt that is trained on.
 *
 * @param maxTokens tokens of the rendered conversation; 0 for no limit
 * @param skips whether longer prompts are skipped; false if they are refused
 * @param tokens counts the tokens of a conversation
 */
public record PromptLimit(int maxTokens, boolean skips, ToIntFunction<List<Message>> tokens) {
    /** No limit. */
    public static final PromptLimit NONE = new PromptLimit(0, true, messages -> 0);

    /** Checks the length of a prompt. */
    void require(Problem problem) throws BadRowException {
        if (maxTokens > 0) {
            int length = tokens.applyAsInt(problem.messages());
            if (length > maxTokens) {
                throw new BadRowException(
                        SkipReason.PROMPT_TOO_LONG,
                        "has a prompt of " + length + " tokens: at most " + maxTokens + " are allowed");
            }
        }
    }
}
