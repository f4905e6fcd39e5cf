package io.sppostream.verify;

import java.math.BigDecimal;
import java.time.Duration;

/**
 * How often and for how long a verifier that may fail or hang is called.
 *
 * @param concurrency most attempts in progress at once
 * @param batchSize most rollouts an attempt judges; 1 unless the verifier is a service
 * @param attempts most attempts for a rollout
 * @param backoff wait before the second attempt; doubled for each later one, then varied at random by up to a half, so
 *     that rollouts that failed together are not retried together
 * @param timeout most time for one attempt
 * @param deadline most time for all attempts at a rollout, from the start of the first
 */
public record AttemptPolicy(
        int concurrency, int batchSize, int attempts, Duration backoff, Duration timeout, Duration deadline) {
    public AttemptPolicy {
        if (concurrency < 1 || batchSize < 1 || attempts < 1) {
            throw new IllegalArgumentException("concurrency " + concurrency + ", batch size " + batchSize
                    + ", attempts " + attempts + ": each must be at least 1");
        }
        if (backoff.isNegative() || timeout.isNegative() || timeout.isZero() || deadline.compareTo(timeout) < 0) {
            throw new IllegalArgumentException("timeout " + seconds(timeout) + ", deadline " + seconds(deadline)
                    + ", backoff " + seconds(backoff)
                    + ": the timeout must be positive and at most the deadline, the backoff not negative");
        }
    }

    private static String seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + " s";
    }
}
