package io.sppostream.advantage;

import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Verdict;
import java.util.List;

/** What the verdicts on a rollout come to. */
public sealed interface RewardOutcome {
    /**
     * A reward.
     *
     * @param reward in [0, 1]
     * @param verdicts those it follows from, in the order of the configuration; at least one
     */
    record Rewarded(double reward, List<Verdict> verdicts) implements RewardOutcome {}

    /**
     * No reward, whatever verdicts are still to come.
     *
     * @param because the verdict to blame
     */
    record NotJudged(Verdict because) implements RewardOutcome {
        /** Why the rollout expires. Failures of the infrastructure have a reason of their own, which others watch. */
        public ExpiryReason reason() {
            return switch (because.getStatus()) {
                case INFRA_ERROR, TIMEOUT -> ExpiryReason.INFRA_ERROR;
                default -> ExpiryReason.NOT_JUDGED;
            };
        }

        /** The reason in words. */
        public String detail() {
            return "verdict " + because.getStatus() + " of " + because.getVerifier() + ": " + because.getRule();
        }
    }
}
