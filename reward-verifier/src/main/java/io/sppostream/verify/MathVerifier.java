package io.sppostream.verify;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;

/**
 * The answer that the response marks as its own is mathematically equal to the reference; a {@link MathGrader} decides.
 * A response that was cut off after its answer counts: the box was closed, and what follows could only replace it by
 * another one.
 */
public final class MathVerifier implements Verifier {
    private final String name;
    private final MathGrader grader;

    /** @param profile where answers are looked for and how they are compared */
    public MathVerifier(GradingProfile profile) {
        this.name = profile == GradingProfile.MATH ? "math" : "math:" + profile.id();
        this.grader = new MathGrader(profile);
    }

    /** {@code math}, or {@code math:<profile>} where the profile is another one. */
    @Override
    public String name() {
        return name;
    }

    @Override
    public String version() {
        return MathGrader.VERSION;
    }

    @Override
    public Judgement judge(Rollout rollout) {
        return judgement(grader.gradeResponse(rollout.getReference(), rollout.getText()));
    }

    /** The judgement of an answer by itself, without a response around it. */
    public Judgement judgePrediction(String reference, String prediction) {
        return judgement(grader.gradePrediction(reference, prediction));
    }

    /** What a grade is worth: 1 for the right answer, nothing where the reference can't be read, else 0. */
    public static Judgement judgement(Grade grade) {
        return switch (grade.status()) {
            case CORRECT -> judged(VerdictStatus.CORRECT, grade, 1);
            case INCORRECT -> judged(VerdictStatus.INCORRECT, grade, 0);
            case NO_ANSWER -> judged(VerdictStatus.NO_ANSWER, grade, 0);
            case UNPARSEABLE_ANSWER -> judged(VerdictStatus.UNPARSEABLE_ANSWER, grade, 0);
            case BUDGET_EXCEEDED -> judged(VerdictStatus.BUDGET_EXCEEDED, grade, 0);
            case UNPARSEABLE_REFERENCE ->
                new Judgement(VerdictStatus.UNPARSEABLE_REFERENCE, null, grade.extracted(), grade.rule());
        };
    }

    private static Judgement judged(VerdictStatus status, Grade grade, double reward) {
        return new Judgement(status, reward, grade.extracted(), grade.rule());
    }
}
