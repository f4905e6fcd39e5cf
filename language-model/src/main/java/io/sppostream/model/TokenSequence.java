package io.sppostream.model;

/**
 * A prompt and the response to it, as token ids.
 *
 * <p>The arrays are not copied; don't change them while a model works on them.
 *
 * @param prompt what the policy was given, at least one token
 * @param response what it answered, at least one token, the end token included where there is one
 */
public record TokenSequence(int[] prompt, int[] response) {

    public TokenSequence {
        if (prompt.length == 0 || response.length == 0) {
            throw new IllegalArgumentException("A token sequence needs a prompt and a response of at least one token"
                    + " each, got " + prompt.length + " and " + response.length);
        }
    }
}
