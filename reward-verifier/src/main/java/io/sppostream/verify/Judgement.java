package io.sppostream.verify;

import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.VerdictRules;
import org.jspecify.annotations.Nullable;

/**
 * The result of judging a rollout. A status that judges the response comes with a reward. A status for a response that
 * could not be judged comes without, so that no fault of the machinery is trained on.
 *
 * @param status the typed result
 * @param reward in [0, 1]; null if the response was not judged
 * @param extracted the answer found in the response, cut if it is very long ({@link VerdictRules}); null if there was none
 * @param rule id of the rule that decided, cut likewise
 */
public record Judgement(
        VerdictStatus status,
        @Nullable Double reward,
        @Nullable String extracted,
        String rule) {

    public Judgement {
        extracted = VerdictRules.extracted(extracted);
        rule = VerdictRules.rule(rule);
        if (judges(status) != (reward != null)) {
            throw new IllegalArgumentException("status " + status + " with reward " + reward
                    + ": a judged response needs a reward, a response that was not judged must have none");
        }
        if (reward != null && !(reward >= 0 && reward <= 1)) {
            throw new IllegalArgumentException("reward " + reward + " is not in [0, 1]");
        }
    }

    /** The right answer: reward 1. */
    public static Judgement correct(String extracted, String rule) {
        return new Judgement(VerdictStatus.CORRECT, 1.0, extracted, rule);
    }

    /** A judged response that is not right: reward 0. */
    public static Judgement wrong(VerdictStatus status, @Nullable String extracted, String rule) {
        return new Judgement(status, 0.0, extracted, rule);
    }

    /** No judgement, and no reward. */
    public static Judgement notJudged(VerdictStatus status, String rule) {
        return new Judgement(status, null, null, rule);
    }

    /** The judgement of a verifier that threw: INFRA_ERROR. */
    static Judgement failed(Throwable error) {
        return notJudged(VerdictStatus.INFRA_ERROR, "threw-" + error.getClass().getSimpleName());
    }

    /** Whether another attempt may lead to a judgement. */
    boolean mayBeTriedAgain() {
        return status == VerdictStatus.INFRA_ERROR || status == VerdictStatus.TIMEOUT;
    }

    private static boolean judges(VerdictStatus status) {
        return switch (status) {
            case CORRECT, INCORRECT, NO_ANSWER, UNPARSEABLE_ANSWER, BUDGET_EXCEEDED -> true;
            case UNPARSEABLE_REFERENCE, TIMEOUT, INFRA_ERROR, UNKNOWN -> false;
        };
    }
}
