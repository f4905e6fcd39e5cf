package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.AnswerLabels;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;

/**
 * The tolerances of the official SPPO reward, which it inherits from earlier graders: numbers are equal within one part
 * in 10,000, also to a hundredth and a hundredfold of the reference. Only for comparison with the paper.
 */
public final class CompatTolerance {
    private static final double RELATIVE = 1e-4;

    private CompatTolerance() {}

    /**
     * Compares two numbers with tolerance.
     *
     * @param strict the decision without tolerance; returned if the answers are not equal within it or not numbers
     */
    public static Decision compare(Answer expected, Answer given, Decision strict) {
        try {
            double reference = number(expected);
            double answer = number(given);
            for (double accepted : new double[] {reference / 100, reference, reference * 100}) {
                double tolerance = RELATIVE * Math.max(Math.abs(accepted), Math.abs(answer));
                if (Math.abs(accepted - answer) <= tolerance) {
                    return Decision.of(true, "sppo-tolerance");
                }
            }
            return strict;
        } catch (Undecided noNumber) {
            return strict;
        }
    }

    private static double number(Answer answer) {
        if (AnswerLabels.value(answer) instanceof Answer.Value value) {
            return Roundings.of(value.expr(), new StepBudget());
        }
        throw Undecided.unsupported("not a number");
    }
}
