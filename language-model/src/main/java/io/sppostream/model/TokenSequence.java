package io.sppostream.model;

/**
 * A prompt and the response to it, as token ids.
 *
 * <p>The arrays are not copied; do not change them while a model uses them.
 *
 * @param prompt the tokens that the policy was given, at least one
 * @param response the tokens that it sampled, at least one, including the end token if there is one
 */
public record TokenSequence(int[] prompt, int[] response) {

    public TokenSequence {
        if (prompt.length == 0 || response.length == 0) {
            throw new IllegalArgumentException("A token sequence needs a prompt and a response of at least one token"
                    + " each, got " + prompt.length + " and " + response.length);
        }
    }
}
