package io.sppostream.learn.update;

import io.sppostream.model.ScoredTokens;

/**
 * A sample that the critic trains on. It has V values: one of its prompt, or one before each response token.
 *
 * @param rolloutId identifies the sample
 * @param tokens what the critic reads, in its own token ids
 * @param targets G of each value: the reward R of the response, or the return from each token on, shape [V]
 * @param values from before the critic trained on the sample, as recorded, shape [V]
 * @param trained whether each value carries loss, shape [V]
 */
public record CriticSample(
        String rolloutId, ScoredTokens tokens, double[] targets, double[] values, boolean[] trained) {

    /**
     * A sample of a critic of prompts.
     *
     * @param prompt the critic's token ids of the prompt, shape [P]
     * @param reward R, in [0, 1]
     * @param value V of the prompt, in [0, 1]
     */
    public static CriticSample ofPrompt(String rolloutId, int[] prompt, double reward, double value) {
        return new CriticSample(
                rolloutId, ScoredTokens.ofPrompt(prompt), new double[] {reward}, new double[] {value}, new boolean[] {
                    true
                });
    }

    /**
     * A sample of a critic of tokens. The targets are the returns {@code G = A + V}, with the advantages before whitening
     * and before a KL penalty in the reward, as the log has them.
     *
     * @param sample has the advantages
     * @param values V before each response token, shape [T]
     */
    public static CriticSample ofTokens(PolicySample sample, double[] values) {
        double[] targets = new double[values.length];
        for (int t = 0; t < targets.length; t++) {
            targets[t] = sample.advantages()[t] + values[t];
        }
        return new CriticSample(
                sample.rolloutId(), ScoredTokens.ofResponse(sample.tokens()), targets, values, sample.trained());
    }

    /** The number of values that carry loss. */
    int trainedValues() {
        int count = 0;
        for (boolean each : trained) {
            count += each ? 1 : 0;
        }
        return count;
    }
}
