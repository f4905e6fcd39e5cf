package io.sppostream.feed;

/**
 * Bounds the number of groups in flight, a group being a prompt with its samples: released - settled &lt; (K + 1) x groups
 * of a step. A group settles when both policy and critic have finished with it, or when all of its samples expire before
 * they reach them. The counts come from the log alone, so a restart does not change the result. K = 0 is the synchronous
 * loop: the groups of a step are released when those of the previous one have been trained. Immutable.
 *
 * @param lag K, the number of policy versions that may be published while a sample is in flight
 * @param groupsPerStep groups in one training step
 * @param groups total number of groups to train
 */
public record Pacing(int lag, int groupsPerStep, long groups) {

    /**
     * Groups that have settled, by outcome.
     *
     * @param policyTrained trained by the policy
     * @param criticTrained trained by the critic
     * @param stale dropped by the policy as too old or invalid; the critic still trains them
     * @param lost expired before any of their samples became training samples, so neither policy nor critic sees them
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
        long wanted = groups + counts.stale() + counts.lost() - released;
        return Math.max(0, Math.min(room, wanted));
    }

    /** The most prompts in flight, (K + 1) x groups of a step; no single release is larger. */
    public long maxInFlight() {
        return (lag + 1L) * groupsPerStep;
    }
}
