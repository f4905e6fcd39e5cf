package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.number.Undecided;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Compares single values, with their units, percent signs, degrees, bases and matrices. */
final class ValueComparator {
    private final ExpressionComparator expressions;

    ValueComparator(ExpressionComparator expressions) {
        this.expressions = expressions;
    }

    Decision compare(Value reference, Value answer) {
        if (!unitsAgree(reference.unit(), answer.unit())) {
            return Decision.different("unit");
        }
        if (isInBase(reference.expr()) || isInBase(answer.expr())) {
            return Decision.of(reference.expr().equals(answer.expr()), "base");
        }
        if (reference.percent() || answer.percent()) {
            return percents(reference, answer);
        }
        if (MatrixArithmetic.isMatrix(reference.expr()) || MatrixArithmetic.isMatrix(answer.expr())) {
            return matrices(reference.expr(), answer.expr());
        }
        Expr first = withoutDegrees(reference);
        Expr second = withoutDegrees(answer);
        boolean degrees = first != reference.expr() || second != answer.expr();
        // Degrees on one side only are an omitted unit. On both sides they cancel.
        if (degrees && isPlainNumber(first) && isPlainNumber(second)) {
            return expressions.compare(first, second);
        }
        return expressions.compare(reference.expr(), answer.expr());
    }

    private static boolean isInBase(Expr expr) {
        return expr instanceof Expr.InBase || (expr instanceof Expr.Neg neg && neg.operand() instanceof Expr.InBase);
    }

    private static Expr withoutDegrees(Value value) {
        return value.expr() instanceof Expr.Call call && call.function() == Expr.Function.DEGREES
                ? call.arguments().get(0)
                : value.expr();
    }

    private static boolean isPlainNumber(Expr expr) {
        return expr.variables().isEmpty() && !expr.contains(part -> part == Constant.PI);
    }

    /** p% is p/100. A bare p is p% only if the reference has a percent sign. */
    private Decision percents(Value reference, Value answer) {
        if (reference.percent() && !answer.percent()) {
            Decision bare = expressions.compare(reference.expr(), answer.expr());
            if (bare.isEqual()) {
                return bare.by("percent-sign-left-out");
            }
        }
        return expressions.compare(fraction(reference), fraction(answer)).by("percent");
    }

    private static Expr fraction(Value value) {
        return value.percent() ? new Expr.Quotient(value.expr(), Expr.number(100)) : value.expr();
    }

    private Decision matrices(Expr reference, Expr answer) {
        try {
            Expr.Matrix first = MatrixArithmetic.evaluate(reference);
            Expr.Matrix second = MatrixArithmetic.evaluate(answer);
            if (first.rows().size() != second.rows().size()) {
                return Decision.different("matrix-shape");
            }
            for (int i = 0; i < first.rows().size(); i++) {
                Decision row = expressions.compareAll(
                        first.rows().get(i), second.rows().get(i), "matrix");
                if (!row.isEqual()) {
                    return row;
                }
            }
            return Decision.of(true, "matrix");
        } catch (Undecided noMatrix) {
            return noMatrix.reason() == Undecided.Reason.BUDGET ? Decision.of(noMatrix) : Decision.different("type");
        }
    }

    /** Whether units are equal, or one of them was omitted. */
    static boolean unitsAgree(@Nullable String reference, @Nullable String answer) {
        return reference == null
                || answer == null
                || reference.isEmpty()
                || answer.isEmpty()
                || Objects.equals(reference, answer);
    }
}
