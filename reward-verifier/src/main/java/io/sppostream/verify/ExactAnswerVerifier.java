package io.sppostream.verify;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;

/**
 * The verifier {@code exact}: the whole response equals the reference, leading and trailing whitespace ignored. A
 * response that was cut off is wrong even if its text equals the reference, because the next token could have changed
 * the answer. Rewarding it would teach the policy that the end token does not matter.
 */
public final class ExactAnswerVerifier implements Verifier {
    @Override
    public String name() {
        return "exact";
    }

    @Override
    public String version() {
        return "1";
    }

    @Override
    public Judgement judge(Rollout rollout) {
        String reference = rollout.getReference().strip();
        String answer = rollout.getText().strip();
        if (reference.isEmpty()) {
            return Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "empty-reference");
        }
        if (answer.isEmpty()) {
            return Judgement.wrong(VerdictStatus.NO_ANSWER, null, "empty-response");
        }
        return compare(answer, reference, rollout, "exact");
    }

    /** Whether an answer equals the reference, and the response that it is of was not cut off. */
    static Judgement compare(String answer, String reference, Rollout rollout, String rule) {
        if (!answer.equals(reference)) {
            return Judgement.wrong(VerdictStatus.INCORRECT, answer, rule);
        }
        if (rollout.getFinishReason() == FinishReason.LENGTH) {
            return Judgement.wrong(VerdictStatus.INCORRECT, answer, "cut-off");
        }
        return Judgement.correct(answer, rule);
    }
}
