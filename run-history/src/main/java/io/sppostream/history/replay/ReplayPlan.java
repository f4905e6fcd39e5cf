package io.sppostream.history.replay;

import io.sppostream.events.ReplayOf;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;

/**
 * The settings of a replay.
 *
 * @param from name of the run to replay
 * @param configuration of the new namespace: that of the run, with the changes
 * @param judgeAgain whether verifiers judge the rollouts again; if not, the recorded verdicts are used
 * @param scoreAgain whether a critic is trained and scores the prompts again; if not, the recorded values are used
 * @param train whether a policy is trained; if not, the replay ends with the advantages
 * @param range the samples to replay
 */
public record ReplayPlan(
        String from,
        Configuration configuration,
        boolean judgeAgain,
        boolean scoreAgain,
        boolean train,
        ReplayRange range) {

    /** Whether advantages follow from groups; else each is that of a rollout and its value. */
    boolean hasGroups() {
        RunSettings settings = configuration.settings();
        return !settings.estimator().name().equals("sppo") || settings.samples() > 1;
    }

    /** The record of these settings in the new namespace. */
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
