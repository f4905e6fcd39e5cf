package io.sppostream.advantage.estimator;

/** What a request samples for. */
public enum Purpose {
    /** The first samples of a prompt, which are trained on. */
    TRAIN,
    /** A response to the prompt whose reward is the baseline of the others. */
    BASELINE,
    /** Completions of a prefix, whose mean reward is the value of the state after it. */
    PREFIX_VALUE,
    /** Continuations of a prefix, which are trained on themselves. */
    BRANCH;

    /** Whether its rollouts serve only to estimate, and are never trained on. */
    public boolean isEvidence() {
        return this == BASELINE || this == PREFIX_VALUE;
    }
}
