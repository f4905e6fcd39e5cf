package io.sppostream.estimator;

import org.jspecify.annotations.Nullable;

/**
 * A sampled response that may be trained on. T is the number of its own tokens; those of the prefix that a branch
 * continues are not among them. The arrays are shared, not copied, and must not be changed.
 *
 * @param id the id of the rollout
 * @param origin the request that asked for it
 * @param tokens token ids, shape [T], T at least 1
 * @param logProbs log-probability of each token under the distribution that it was drawn from, in nats, shape [T]; null
 *     if they are not known
 * @param values V before each token, by a critic of tokens, shape [T]; null if they are not known
 * @param text the response as text; null unless {@link Needs#tokenText} asks for it
 * @param cut whether the token limit of its own request ended it, so that it can be continued; false if it ended by
 *     itself or at the limit of the run
 * @param reward R; null if it is not judged yet
 */
public record GroupRollout(
        String id,
        Origin origin,
        int[] tokens,
        float @Nullable [] logProbs,
        double @Nullable [] values,
        @Nullable TokenText text,
        boolean cut,
        @Nullable Double reward) {
    /**
     * Where a rollout comes from.
     *
     * @param requestId the root request, or a follow-up that asked for branches
     * @param index which of the request's rollouts it is, from 0
     * @param parent the rollout that it continues; null if it answers the prompt itself
     * @param prefixTokens response tokens that precede it: the tokens between the end of the prompt and its first one
     */
    public record Origin(
            String requestId, int index, @Nullable String parent, int prefixTokens) {
        /** A sample of the prompt itself. */
        public static Origin ofPrompt(String requestId, int index) {
            return new Origin(requestId, index, null, 0);
        }
    }

    /**
     * The canonical constructor. It is not a compact one, as that loses the annotation of arrays that may be null.
     *
     * @throws IllegalArgumentException if there are no tokens, or arrays differ in length
     */
    public GroupRollout(
            String id,
            Origin origin,
            int[] tokens,
            float @Nullable [] logProbs,
            double @Nullable [] values,
            @Nullable TokenText text,
            boolean cut,
            @Nullable Double reward) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("rollout " + id + " has no tokens");
        }
        if (logProbs != null) {
            requireLength(id, "log-probs", logProbs.length, tokens.length);
        }
        if (values != null) {
            requireLength(id, "values", values.length, tokens.length);
        }
        if (text != null) {
            requireLength(id, "text offsets", text.starts().length, tokens.length);
        }
        this.id = id;
        this.origin = origin;
        this.tokens = tokens;
        this.logProbs = logProbs;
        this.values = values;
        this.text = text;
        this.cut = cut;
        this.reward = reward;
    }

    private static void requireLength(String id, String what, int length, int tokens) {
        if (length != tokens) {
            throw new IllegalArgumentException(
                    "rollout " + id + " has " + length + " " + what + " for " + tokens + " tokens");
        }
    }

    /** T, the number of its tokens. */
    public int length() {
        return tokens.length;
    }

    /** Whether it continues a prefix of another rollout. */
    public boolean isBranch() {
        return origin.parent() != null;
    }

    /** Whether its reward is known. */
    public boolean isJudged() {
        return reward != null;
    }

    /**
     * R.
     *
     * @throws MissingInputException if it is not judged
     */
    public double requireReward() {
        return require(reward, "reward");
    }

    /**
     * The log-probability of each token, shape [T].
     *
     * @throws MissingInputException if they are not known
     */
    public float[] requireLogProbs() {
        return require(logProbs, "log-probs");
    }

    /**
     * V before each token, shape [T].
     *
     * @throws MissingInputException if they are not known
     */
    public double[] requireValues() {
        return require(values, "values of its tokens");
    }

    /**
     * The response as text.
     *
     * @throws MissingInputException if it is not known
     */
    public TokenText requireText() {
        return require(text, "text with the offsets of its tokens");
    }

    private <T> T require(@Nullable T input, String what) {
        if (input == null) {
            throw new MissingInputException("rollout " + id + " has no " + what);
        }
        return input;
    }
}
