package io.sppostream.advantage;

import io.sppostream.estimator.AdvantageEstimator;
import java.time.Duration;

/**
 * Settings of the join. Both durations are wall-clock time while the role runs: they start again when the role starts,
 * since the missing records may have been on the log, unread.
 *
 * @param estimator assigns the advantages of a group
 * @param partial whether a group with a rollout that has no reward is credited from the others, if the estimator can
 * @param rewards which verdicts reward the rollouts of each dataset
 * @param patience how long an incomplete group waits for its next record before it is credited partially or expires
 * @param remember how long a settled group is remembered, so that late duplicates are told from new records; costs
 *     about 100 bytes of disk per group
 */
public record JoinSettings(
        AdvantageEstimator estimator, boolean partial, RewardRules rewards, Duration patience, Duration remember) {
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
