package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.util.Map;

/** Numbers as floats, to tell a rounded value from another one. No answer counts as correct because of them. */
final class Roundings {
    private static final int BITS = 64;

    /** Relative difference up to which a value may be a rounding of another. */
    private static final double LARGEST = 0.1;

    private final StepBudget budget;

    Roundings(StepBudget budget) {
        this.budget = budget;
    }

    /** Whether one value may be a rounding of another. True for values that are not numbers: nothing contradicts them. */
    boolean areClose(Answer first, Answer second) {
        if (!(first instanceof Value value) || !(second instanceof Value other)) {
            return true;
        }
        try {
            double exact = of(value);
            double rounded = of(other);
            double difference = Math.abs(exact - rounded);
            return difference <= LARGEST * Math.max(Math.abs(exact), Math.abs(rounded))
                    || (rounded == Math.rint(rounded) && difference <= 0.5);
        } catch (Undecided undecided) {
            if (undecided.reason() == Undecided.Reason.BUDGET) {
                throw undecided;
            }
            return true;
        }
    }

    /** The nearest float to a value; that of p% is p/100. */
    private double of(Value value) {
        double number = of(value.expr(), budget);
        return value.percent() ? number / 100 : number;
    }

    /**
     * The nearest float to a constant.
     *
     * @throws Undecided if the expression is not a real constant
     */
    static double of(Expr expr, StepBudget budget) {
        return new BallEvaluator(Map.of(), BITS, BallEvaluator.Domain.REAL, budget)
                .evaluate(expr)
                .re()
                .doubleValue();
    }
}
