package io.sppostream.sppo.feed;

/**
 * How many prompts may be under way: released - settled &lt; (K + 1) x batch, where a request is settled once both lines
 * have trained on it, or it has expired. Computed from the log and nothing else, so a restart changes nothing. K = 0 is
 * the synchronous loop: a batch is released when the one before has been trained on.
 *
 * @param lag K, the policy versions that may be published while a sample is under way
 * @param batchSize samples a step
 * @param samples samples to train on in all
 */
public record Pacing(int lag, int batchSize, long samples) {

    /**
     * Prompts that may be released now.
     *
     * @param released prompts released so far
     * @param trained samples trained on by both lines so far
     * @param expired samples expired so far
     */
    public long allowance(long released, long trained, long expired) {
        long underWay = released - trained - expired;
        long room = mostUnderWay() - underWay;
        long wanted = samples + expired - released;
        return Math.max(0, Math.min(room, wanted));
    }

    /** (K + 1) x batch: no release is larger. */
    public long mostUnderWay() {
        return (lag + 1L) * batchSize;
    }
}
