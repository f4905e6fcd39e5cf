package io.sppostream.advantage;

import java.time.Duration;

/**
 * Settings of the join. Both durations are wall-clock time while the role runs: they start again when the role starts,
 * since the missing records may have been on the log, unread.
 *
 * @param estimator computes the advantages
 * @param rewards which verdicts reward the rollouts of each dataset
 * @param patience how long an incomplete request waits for its next record before it expires
 * @param remember how long a settled request is remembered, so that late duplicates are told from new records; costs
 *     about 100 bytes of disk per request
 */
public record JoinSettings(AdvantageEstimator estimator, RewardRules rewards, Duration patience, Duration remember) {
    public JoinSettings {
        requirePositive("patience", patience);
        requirePositive("remember", remember);
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, but is " + duration);
        }
    }
}
