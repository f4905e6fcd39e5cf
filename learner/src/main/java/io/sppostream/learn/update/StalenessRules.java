package io.sppostream.learn.update;

/**
 * What follows from the lag K that a run admits: which policy loss it needs, and which samples are too old to train on.
 * Lag counts published policy versions between the one that sampled a response's oldest token and the one that is
 * trained.
 *
 * <p>Up to K = 1 the clip of PPO (arXiv 1707.06347, eq. 7) is centred on the behaviour policy, which serves two
 * purposes: it corrects for what sampled the tokens, and it bounds the step. An older behaviour policy no longer serves
 * the second one, since the clip would hold the policy near where it was K versions ago. From K = 2 on the two are
 * decoupled, as Hilton et al. propose ("Batch size-invariance for policy optimization", arXiv 2110.00641) and AReaL
 * does for asynchronous training of language models (arXiv 2505.24298): see {@link DecoupledPolicyLoss}.
 *
 * @param lag K, at least 0: policy versions that may be published while a sample is under way. 0 is the synchronous
 *     loop
 */
public record StalenessRules(int lag) {
    /** The smallest K whose loss is decoupled. */
    private static final int DECOUPLED_FROM = 2;

    /** Pacing keeps a sample within K when samples are trained in the order of their release; others overtake some. */
    private static final int CAP_FACTOR = 2;

    public StalenessRules {
        if (lag < 0) {
            throw new IllegalArgumentException("lag = " + lag + ": must be 0 or more");
        }
    }

    /** Whether the policy loss is {@link DecoupledPolicyLoss}: true for K of 2 or more. */
    public boolean isDecoupled() {
        return lag >= DECOUPLED_FROM;
    }

    /** The hard cap, 2 K: a sample that lags by more versions expires. 0 in the synchronous loop. */
    public int maxLag() {
        return CAP_FACTOR * lag;
    }
}
