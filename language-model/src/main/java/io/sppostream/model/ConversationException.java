package io.sppostream.model;

import org.jspecify.annotations.Nullable;

/** A conversation cannot become a prompt, for example because the chat template refuses its roles. */
public final class ConversationException extends RuntimeException {
    /** Most characters that a token is taken to stand for on average; text has 3 or 4. */
    private static final int CHARACTERS_A_TOKEN = 32;

    /**
     * Refuses a conversation that is by far too long, before anybody takes the time to tokenize it.
     *
     * @param maxTokens most tokens that the model reads
     */
    public static void requireLength(long characters, int maxTokens) {
        long most = (long) CHARACTERS_A_TOKEN * maxTokens;
        if (characters > most) {
            throw new ConversationException(
                    "a prompt of " + characters + " characters: a model that reads " + maxTokens
                            + " tokens takes at most " + most,
                    null);
        }
    }

    public ConversationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
