package io.sppostream.feed;

/**
 * Bounds the number of prompts in flight: released - settled &lt; (K + 1) x batch. A request settles when both policy and
 * critic have finished with it, or when it expires before it reaches them. The counts come from the log alone, so a
 * restart does not change the result. K = 0 is the synchronous loop: a batch is released when the previous one has been
 * trained. Immutable.
 *
 * @param lag K, the number of policy versions that may be published while a sample is in flight
 * @param batchSize samples in one optimizer step
 * @param samples total number of samples to train
 */
public record Pacing(int lag, int batchSize, long samples) {

    /**
     * Samples that have settled, by outcome.
     *
     * @param policyTrained trained by the policy
     * @param criticTrained trained by the critic
     * @param stale dropped by the policy as too old or invalid; the critic still trains them
     * @param lost expired before they became training samples, so neither policy nor critic sees them
     */
    public record Counts(long policyTrained, long criticTrained, long stale, long lost) {
        private long settled() {
            return Math.min(policyTrained + stale, criticTrained) + lost;
        }
    }

    /**
     * Number of prompts that may be released now.
     *
     * @param released number of prompts released so far
     */
    public long allowance(long released, Counts counts) {
        long inFlight = released - counts.settled();
        long room = maxInFlight() - inFlight;
        long wanted = samples + counts.stale() + counts.lost() - released;
        return Math.max(0, Math.min(room, wanted));
    }

    /** The most prompts in flight, (K + 1) x batch; no single release is larger. */
    public long maxInFlight() {
        return (lag + 1L) * batchSize;
    }
}
