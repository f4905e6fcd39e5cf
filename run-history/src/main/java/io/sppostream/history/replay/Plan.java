package io.sppostream.history.replay;

import io.sppostream.events.ReplayOf;
import io.sppostream.run.config.Configuration;

/**
 * What a replay does.
 *
 * @param from name of the run that is replayed
 * @param configuration of the new namespace: that of the run, with what is to be otherwise
 * @param judgeAgain whether the verifier judges the rollouts again; else their verdicts are those recorded
 * @param scoreAgain whether a critic is trained and scores the prompts again; else their values are those recorded
 * @param train whether a policy is trained; else the replay ends with the advantages
 * @param range which samples
 */
public record Plan(
        String from, Configuration configuration, boolean judgeAgain, boolean scoreAgain, boolean train, Range range) {

    /** As it is recorded with the new namespace. */
    ReplayOf replayOf() {
        return new ReplayOf(
                from,
                judgeAgain,
                scoreAgain,
                train,
                range.fromOffset(),
                range.toOffset(),
                range.fromTime(),
                range.toTime());
    }
}
