package io.sppostream.estimator;

/**
 * The samples of a prompt, and the inputs that an estimator reads.
 *
 * @param samples first samples per prompt
 * @param sampling how to sample them
 * @param critic whose values are read
 * @param logProbs whether behaviour log-probs are read
 * @param tokenText whether {@link GroupRollout#text} is read
 */
public record Needs(int samples, Sampling sampling, CriticKind critic, boolean logProbs, boolean tokenText) {
    public Needs {
        if (samples < 1) {
            throw new IllegalArgumentException(samples + " samples per prompt: at least 1 is needed");
        }
    }

    /** Samples and their rewards, and nothing else. */
    public static Needs samples(int samples) {
        return new Needs(samples, Sampling.DEFAULT, CriticKind.NONE, false, false);
    }

    /** The same with first samples of at most that many tokens. */
    public Needs withMaxTokens(int maxTokens) {
        return new Needs(samples, Sampling.upTo(maxTokens), critic, logProbs, tokenText);
    }

    /** The same with the values of a critic. */
    public Needs withCritic(CriticKind kind) {
        return new Needs(samples, sampling, kind, logProbs, tokenText);
    }

    /** The same with behaviour log-probs, or without. */
    public Needs withLogProbs(boolean read) {
        return new Needs(samples, sampling, critic, read, tokenText);
    }

    /** The same with the text of each token. */
    public Needs withTokenText() {
        return new Needs(samples, sampling, critic, logProbs, true);
    }
}
