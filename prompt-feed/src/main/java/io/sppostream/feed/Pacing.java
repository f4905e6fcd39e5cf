package io.sppostream.feed;

/**
 * How many prompts may be under way: released - settled &lt; (K + 1) x batch, where a request is settled once both lines
 * are done with it, or it has expired before them. Computed from the log and nothing else, so a restart changes nothing. K = 0 is
 * the synchronous loop: a batch is released when the one before has been trained on.
 *
 * @param lag K, the policy versions that may be published while a sample is under way
 * @param batchSize samples a step
 * @param samples samples to train on in all
 */
public record Pacing(int lag, int batchSize, long samples) {

    /**
     * What the log says of the samples so far.
     *
     * @param policyTrained trained on by the policy
     * @param criticTrained trained on by the critic
     * @param stale let go by the policy as too old; the critic trains on them all the same
     * @param lost expired before they became training samples, so that neither line sees them
     */
    public record Counts(long policyTrained, long criticTrained, long stale, long lost) {
        private long settled() {
            return Math.min(policyTrained + stale, criticTrained) + lost;
        }
    }

    /**
     * Prompts that may be released now.
     *
     * @param released prompts released so far
     */
    public long allowance(long released, Counts counts) {
        long underWay = released - counts.settled();
        long room = mostUnderWay() - underWay;
        long wanted = samples + counts.stale() + counts.lost() - released;
        return Math.max(0, Math.min(room, wanted));
    }

    /** (K + 1) x batch: no release is larger. */
    public long mostUnderWay() {
        return (lag + 1L) * batchSize;
    }
}
