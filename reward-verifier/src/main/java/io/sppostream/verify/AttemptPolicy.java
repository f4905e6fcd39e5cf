package io.sppostream.verify;

import java.time.Duration;

/**
 * How hard a verifier that may fail or hang is tried.
 *
 * @param concurrency most attempts under way at once
 * @param batchSize most rollouts an attempt judges; 1 but for services
 * @param attempts most attempts a rollout gets
 * @param backoff wait before the second attempt; doubled for each one after, and up to half as much more or less at
 *     random, so that what failed together is not tried again together
 * @param timeout an attempt that takes longer has failed
 * @param deadline of all attempts at a rollout together, from the beginning of the first
 */
public record AttemptPolicy(
        int concurrency, int batchSize, int attempts, Duration backoff, Duration timeout, Duration deadline) {
    public AttemptPolicy {
        if (concurrency < 1 || batchSize < 1 || attempts < 1) {
            throw new IllegalArgumentException("concurrency " + concurrency + ", batch size " + batchSize + " and "
                    + attempts + " attempts: at least 1 is needed of each");
        }
        if (backoff.isNegative() || timeout.isNegative() || timeout.isZero() || deadline.compareTo(timeout) < 0) {
            throw new IllegalArgumentException("timeout " + timeout + ", deadline " + deadline + ", backoff " + backoff
                    + ": a positive timeout is needed, within the deadline");
        }
    }
}
