package io.sppostream.advantage;

import java.time.Duration;

/**
 * What the join waits for, and how long it waits and remembers, in wall-clock time while it runs: a stop of the application counts for nothing,
 * since what it waits for may lie on the log unread.
 *
 * @param rewards by which verdicts rollouts are rewarded
 * @param patience how long an incomplete request waits for its next record before it expires
 * @param remember how long a settled request is remembered, so that late duplicates are told from new records; costs
 *     about 250 bytes of memory a request
 */
public record JoinSettings(RewardRules rewards, Duration patience, Duration remember) {
    public JoinSettings {
        requirePositive("patience", patience);
        requirePositive("remember", remember);
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + " = " + duration + ": a positive duration is needed");
        }
    }
}
