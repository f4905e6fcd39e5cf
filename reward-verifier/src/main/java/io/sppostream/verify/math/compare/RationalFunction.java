package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.number.Polynomial;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A quotient of polynomials, whose equality can be decided exactly. Pi is one more unknown: because it is
 * transcendental, two rational functions of pi are equal only if they are equal as functions.
 */
record RationalFunction(Polynomial numerator, Polynomial denominator) {
    private static final String PI = "\\pi";
    private static final int MAX_POWER = 200;

    /**
     * The expression as a rational function of unknowns.
     *
     * @throws Undecided if it is not a rational function, or has too many terms
     */
    static RationalFunction of(Expr expr, Collection<String> unknowns, StepBudget budget) {
        List<String> names = new ArrayList<>(unknowns);
        names.add(PI);
        return new Reader(List.copyOf(names), budget).read(expr);
    }

    boolean sameAs(RationalFunction other, StepBudget budget) {
        return numerator.multiply(other.denominator, budget).equals(other.numerator.multiply(denominator, budget));
    }

    /** The constant c with {@code this = c other}, or null if there is none. */
    @Nullable
    Rational ratio(RationalFunction other, StepBudget budget) {
        if (numerator.isZero() || other.numerator.isZero()) {
            return numerator.isZero() && other.numerator.isZero() ? Rational.ONE : null;
        }
        return numerator
                .multiply(other.denominator, budget)
                .ratio(other.numerator.multiply(denominator, budget), budget);
    }

    private RationalFunction add(RationalFunction other, StepBudget budget) {
        if (denominator.equals(other.denominator)) {
            return new RationalFunction(numerator.add(other.numerator, budget), denominator);
        }
        return new RationalFunction(
                numerator
                        .multiply(other.denominator, budget)
                        .add(other.numerator.multiply(denominator, budget), budget),
                denominator.multiply(other.denominator, budget));
    }

    private RationalFunction multiply(RationalFunction other, StepBudget budget) {
        return new RationalFunction(
                numerator.multiply(other.numerator, budget), denominator.multiply(other.denominator, budget));
    }

    private RationalFunction inverse() {
        if (numerator.isZero()) {
            throw Undecided.undefined("division by zero");
        }
        return new RationalFunction(denominator, numerator);
    }

    private record Reader(List<String> unknowns, StepBudget budget) {

        RationalFunction read(Expr expr) {
            budget.spend(1);
            if (expr instanceof Expr.Num num) {
                return constant(num.value());
            } else if (expr instanceof Expr.Sym sym) {
                return unknown(sym.name());
            } else if (expr == Constant.PI) {
                return unknown(PI);
            } else if (expr instanceof Expr.Sum sum) {
                RationalFunction total = constant(Rational.ZERO);
                for (Expr term : sum.terms()) {
                    total = total.add(read(term), budget);
                }
                return total;
            } else if (expr instanceof Expr.Neg neg) {
                RationalFunction operand = read(neg.operand());
                return new RationalFunction(operand.numerator().negate(), operand.denominator());
            } else if (expr instanceof Expr.Product product) {
                RationalFunction total = constant(Rational.ONE);
                for (Expr factor : product.factors()) {
                    total = total.multiply(read(factor), budget);
                }
                return total;
            } else if (expr instanceof Expr.Quotient quotient) {
                return read(quotient.numerator())
                        .multiply(read(quotient.denominator()).inverse(), budget);
            } else if (expr instanceof Expr.Power power) {
                return power(power);
            }
            return constant(new ExactEvaluator(Map.of(), budget).evaluate(expr));
        }

        private RationalFunction constant(Rational value) {
            return new RationalFunction(
                    Polynomial.constant(value, unknowns.size()), Polynomial.constant(Rational.ONE, unknowns.size()));
        }

        private RationalFunction unknown(String name) {
            return new RationalFunction(
                    Polynomial.unknown(unknowns.indexOf(name), unknowns.size()),
                    Polynomial.constant(Rational.ONE, unknowns.size()));
        }

        private RationalFunction power(Expr.Power power) {
            int exponent = new ExactEvaluator(Map.of(), budget)
                    .evaluate(power.exponent())
                    .intValueExact();
            if (Math.abs(exponent) > MAX_POWER) {
                throw Undecided.unsupported("power");
            }
            RationalFunction square = exponent < 0 ? read(power.base()).inverse() : read(power.base());
            RationalFunction result = constant(Rational.ONE);
            for (int left = Math.abs(exponent); left > 0; left >>= 1) {
                if ((left & 1) == 1) {
                    result = result.multiply(square, budget);
                }
                square = left > 1 ? square.multiply(square, budget) : square;
            }
            return result;
        }
    }
}
