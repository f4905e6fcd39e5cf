package io.sppostream.model;

/**
 * What a critic reads, and where it gives values: after each position from {@code from} to the last.
 *
 * <p>The array is not copied; do not change it while a model uses it.
 *
 * @param tokens token ids, shape [N]
 * @param from first position after which there is a value, in [0, N)
 */
public record ScoredTokens(int[] tokens, int from) {

    public ScoredTokens {
        if (from < 0 || from >= tokens.length) {
            throw new IllegalArgumentException(
                    "Values from position " + from + " on of " + tokens.length + " tokens: there is none");
        }
    }

    /** A prompt, shape [P], with one value after its last token. */
    public static ScoredTokens ofPrompt(int[] prompt) {
        return new ScoredTokens(prompt, prompt.length - 1);
    }

    /** A prompt, shape [P], and a response, shape [T], with a value before each response token. The last is not read. */
    public static ScoredTokens ofResponse(TokenSequence sequence) {
        int[] prompt = sequence.prompt();
        int[] response = sequence.response();
        int[] tokens = new int[prompt.length + response.length - 1];
        System.arraycopy(prompt, 0, tokens, 0, prompt.length);
        System.arraycopy(response, 0, tokens, prompt.length, response.length - 1);
        return new ScoredTokens(tokens, prompt.length - 1);
    }

    /** The number of values. */
    public int values() {
        return tokens.length - from;
    }
}
