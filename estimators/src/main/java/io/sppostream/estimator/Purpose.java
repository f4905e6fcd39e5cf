package io.sppostream.estimator;

/** The purpose of a request. */
public enum Purpose {
    /** The first samples of a prompt, which are trained on. */
    TRAIN,
    /** A response to the prompt whose reward is the baseline of the others. */
    BASELINE,
    /** Completions of a prefix, whose mean reward is the value of the state after it. */
    PREFIX_VALUE,
    /** Continuations of a prefix, which are trained on themselves. */
    BRANCH;

    /** Whether its rollouts only serve to estimate the advantages of others. */
    public boolean isEvidence() {
        return this == BASELINE || this == PREFIX_VALUE;
    }
}
