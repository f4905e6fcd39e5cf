package io.sppostream.history.replay;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.Needs;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.util.Map;

/** Whether a recorded run has what the estimator of a replay reads. Stateless. */
final class ReplayInputs {
    private ReplayInputs() {}

    /**
     * Checks it.
     *
     * @throws UserException naming the input that is missing
     */
    static void require(ReplayPlan plan, RecordedRun source) {
        AdvantageEstimator recorded = recorded(source).estimator();
        AdvantageEstimator estimator = plan.configuration().settings().estimator();
        String missing = missing(recorded, estimator);
        if (!missing.isEmpty()) {
            throw new UserException(estimator.name() + " needs " + missing + ": run '" + plan.from()
                    + "' was trained with " + recorded.name());
        }
        if (recorded.recipe().replay().lifetime() > 1) {
            throw new UserException("run '" + plan.from() + "' has spread the samples of a group over several steps"
                    + " (estimator.replay.edges), and a replay takes a group from one step: only runs with"
                    + " estimator.replay.edges=0 can be replayed");
        }
        if (plan.scoreAgain() && plan.hasGroups()) {
            throw new UserException(
                    "--score-again: a replay trains a critic only for sppo with one response per prompt");
        }
        plan.configuration().settings().requireWholeGroups();
    }

    /** The settings of a recorded run. */
    static RunSettings recorded(RecordedRun source) {
        return Configuration.recorded(source.lastTrained().getConfiguration(), Map.of(), Map.of())
                .settings();
    }

    /** The input that an estimator needs and a run with another one has not recorded; empty if there is none. */
    static String missing(AdvantageEstimator recorded, AdvantageEstimator estimator) {
        Needs has = recorded.needs();
        Needs needs = estimator.needs();
        if (needs.samples() != has.samples()) {
            return "groups of " + needs.samples() + " responses per prompt, and " + has.samples()
                    + (has.samples() == 1 ? " is" : " are") + " recorded";
        }
        if (needs.critic() != CriticKind.NONE && needs.critic() != has.critic()) {
            return needs.critic() == CriticKind.PROMPT
                    ? "the values of a critic of prompts, which are not recorded"
                    : "the values of a critic of tokens, which are not recorded";
        }
        if (needs.followUps() && !estimator.equals(recorded)) {
            return "its own follow-ups, which are not recorded";
        }
        if (needs.tokenText() && !has.tokenText()) {
            return "where each token begins in the text, which is not recorded";
        }
        return "";
    }
}
