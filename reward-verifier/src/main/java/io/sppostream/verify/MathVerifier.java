package io.sppostream.verify;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;

/**
 * The verifiers {@code math} and {@code math:PROFILE}: a {@link MathGrader} compares the answer that the response marks
 * with the reference. A response that was cut off after a marked answer is judged like any other, because the answer was
 * complete. The last number of a response that was cut off is wrong, because the next token could have changed it.
 */
public final class MathVerifier implements Verifier {
    private final String name;
    private final GradingProfile profile;
    private final MathGrader grader;

    /** @param profile where to look for answers and how to compare them */
    public MathVerifier(GradingProfile profile) {
        this.name = profile == GradingProfile.MATH ? "math" : "math:" + profile.id();
        this.profile = profile;
        this.grader = new MathGrader(profile);
    }

    /** {@code math}, or {@code math:PROFILE} for any other profile. */
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
        Judgement judgement = judgement(grader.gradeResponse(rollout.getReference(), rollout.getText()));
        return judgement.status() == VerdictStatus.CORRECT
                        && profile.readsLastNumber()
                        && rollout.getFinishReason() == FinishReason.LENGTH
                ? Judgement.wrong(VerdictStatus.INCORRECT, judgement.extracted(), "cut-off")
                : judgement;
    }

    /** Judges an answer by itself, without a response around it. */
    public Judgement judgePrediction(String reference, String prediction) {
        return judgement(grader.gradePrediction(reference, prediction));
    }

    /** A grade as a judgement: reward 1 if correct, none if the reference cannot be parsed, 0 otherwise. */
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
