package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;

/**
 * The verifier {@code marked}: the text after the last {@code #} of the response equals the reference, leading and
 * trailing whitespace ignored. What comes before the mark is not judged. A response that was cut off is wrong, as it is
 * for {@link ExactAnswerVerifier}.
 */
public final class MarkedAnswerVerifier implements Verifier {
    private static final char MARK = '#';

    @Override
    public String name() {
        return "marked";
    }

    @Override
    public String version() {
        return "1";
    }

    @Override
    public Judgement judge(Rollout rollout) {
        String reference = rollout.getReference().strip();
        if (reference.isEmpty()) {
            return Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "empty-reference");
        }
        int mark = rollout.getText().lastIndexOf(MARK);
        if (mark < 0) {
            return Judgement.wrong(VerdictStatus.NO_ANSWER, null, "no-mark");
        }
        String answer = rollout.getText().substring(mark + 1).strip();
        if (answer.isEmpty()) {
            return Judgement.wrong(VerdictStatus.NO_ANSWER, null, "nothing-after-mark");
        }
        return ExactAnswerVerifier.compare(answer, reference, rollout, "marked");
    }
}
