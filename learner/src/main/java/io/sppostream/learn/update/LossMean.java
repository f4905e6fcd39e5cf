package io.sppostream.learn.update;

/** What the loss of a mini-batch is a mean of. Only tokens that carry loss count. */
public enum LossMean {
    /** The mean over all tokens of the mini-batch: every token has the same weight. */
    TOKEN,
    /**
     * The mean over responses of the mean over their tokens: every response has the same weight. The implementation of
     * SPPO (arXiv 2604.08865) computes this if a micro-batch has one sequence. Responses without a token that carries
     * loss do not count.
     */
    SEQUENCE
}
