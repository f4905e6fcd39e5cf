package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.answer.Expr.Function;
import io.sppostream.verify.math.compare.BallEvaluator.Domain;
import io.sppostream.verify.math.number.Ball;
import io.sppostream.verify.math.number.ComplexBall;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Compares expressions. Rational numbers and rational functions are compared exactly, without tolerance. The difference
 * of any other two expressions is evaluated with error bounds, first to 60 digits and then to 120 digits beyond the
 * largest and smallest intermediate value. If zero is outside the bounds, the expressions are proved to differ. If zero
 * is within the bounds at full precision, they count as equal, under a rule id of its own.
 */
final class ExpressionComparator {
    private static final int BITS_60_DIGITS = 200;
    private static final int BITS_120_DIGITS = 400;

    /** Largest distance of an intermediate value from 1, in powers of two, for which the fine evaluation is done. */
    private static final long MAX_SCALE = 2_048;

    private static final int POINTS = 4;
    private static final int TRIES = 14;
    private static final long SEED = 20_261_120L;

    private enum Signs {
        POSITIVE,
        NEGATIVE,
        EITHER
    }

    private final StepBudget budget;

    ExpressionComparator(StepBudget budget) {
        this.budget = budget;
    }

    Decision compare(Expr reference, Expr answer) {
        budget.spend(5);
        if (reference.equals(answer)) {
            return Decision.of(true, sameRule(reference));
        }
        Set<String> unknowns = reference.variables();
        if (!unknowns.equals(answer.variables())) {
            return Decision.different("unknowns-differ");
        }
        if (unknowns.isEmpty()) {
            Decision exact = attempt(() -> {
                Rational first = new ExactEvaluator(Map.of(), budget).evaluate(reference);
                Rational second = new ExactEvaluator(Map.of(), budget).evaluate(answer);
                return Decision.of(first.equals(second), first.isInteger() ? "integer" : "rational");
            });
            if (exact != null && exact.equality() != Decision.Equality.BUDGET_EXCEEDED) {
                return exact;
            }
        }
        Decision exact = attempt(() -> Decision.of(
                RationalFunction.of(reference, unknowns, budget)
                        .sameAs(RationalFunction.of(answer, unknowns, budget), budget),
                "rational-function"));
        if (exact != null && exact.equality() != Decision.Equality.BUDGET_EXCEEDED) {
            return exact;
        }
        Expr difference = Expr.difference(reference, answer);
        return unknowns.isEmpty() ? constants(difference) : functions(List.of(difference), unknowns);
    }

    private static String sameRule(Expr expr) {
        return expr instanceof Expr.Num num ? (num.value().isInteger() ? "integer" : "rational") : "identical";
    }

    /**
     * Orders two constants as {@link java.util.Comparator#compare} does.
     *
     * @throws Undecided if one is not a real constant, or they are too close to be ordered
     */
    int order(Expr first, Expr second) {
        Expr difference = Expr.difference(first, second);
        if (!difference.variables().isEmpty() || difference.contains(part -> part == Constant.I)) {
            throw Undecided.unsupported("no order");
        }
        if (compare(first, second).isEqual()) {
            return 0;
        }
        int sign = new BallEvaluator(Map.of(), BITS_60_DIGITS, Domain.REAL, budget)
                .evaluate(difference)
                .re()
                .sign();
        if (sign == 0) {
            throw Undecided.unsupported("no order");
        }
        return sign;
    }

    /** The sign of the constant ratio of two expressions, or 0 if they are not proportional. */
    int proportion(Expr first, Expr second) {
        Set<String> unknowns = first.variables();
        if (!unknowns.equals(second.variables())) {
            return 0;
        }
        try {
            Rational ratio = RationalFunction.of(first, unknowns, budget)
                    .ratio(RationalFunction.of(second, unknowns, budget), budget);
            return ratio == null ? 0 : ratio.signum();
        } catch (Undecided notRational) {
            return numericProportion(first, second, unknowns);
        }
    }

    // ---- exact attempts ----

    /** The decision of a method, BUDGET_EXCEEDED if it takes too long, or null if it does not apply. */
    private static @Nullable Decision attempt(Supplier<Decision> method) {
        try {
            return method.get();
        } catch (Undecided undecided) {
            return undecided.reason() == Undecided.Reason.BUDGET ? Decision.of(undecided) : null;
        }
    }

    // ---- constants ----

    private Decision constants(Expr difference) {
        Domain domain = domain(difference, Domain.REAL_ROOTS);
        try {
            BallEvaluator coarse = new BallEvaluator(Map.of(), BITS_60_DIGITS, domain, budget);
            if (!coarse.evaluate(difference).containsZero()) {
                return Decision.different("closed-form-proof");
            }
            if (coarse.scale() > MAX_SCALE) {
                return Decision.of(Undecided.budget("scale"));
            }
            int bits = BITS_120_DIGITS + 2 * (int) coarse.scale();
            ComplexBall fine = new BallEvaluator(Map.of(), bits, domain, budget).evaluate(difference);
            return !fine.containsZero()
                    ? Decision.different("closed-form-proof")
                    : accurate(fine, bits) ? Decision.of(true, "closed-form-120-digits") : undecided();
        } catch (Undecided undecided) {
            return Decision.of(undecided);
        }
    }

    /** Whether the bounds around zero are narrow enough to count as zero. */
    private static boolean accurate(ComplexBall zero, int bits) {
        return accurate(zero.re(), bits) && accurate(zero.im(), bits);
    }

    private static boolean accurate(Ball zero, int bits) {
        return zero.isExactZero() || zero.magnitude() < -bits / 2;
    }

    private static Decision undecided() {
        return Decision.of(Undecided.unsupported("undecided"));
    }

    private static Domain domain(Expr expr, Domain unlessComplex) {
        return expr.contains(part -> part == Constant.I) ? Domain.COMPLEX : unlessComplex;
    }

    // ---- functions of unknowns ----

    /**
     * Whether all expressions are zero at points from a fixed seed. Most points are positive, as most unknowns are. Some
     * are negative or mixed, to distinguish x from |x|. A point where a value is undefined or not real is skipped.
     */
    private Decision functions(List<Expr> zeros, Set<String> unknowns) {
        boolean whole = zeros.stream().anyMatch(zero -> zero.contains(ExpressionComparator::requiresIntegers));
        SplittableRandom random = new SplittableRandom(SEED);
        int agreed = 0;
        try {
            for (int attempt = 0; attempt < TRIES && agreed < POINTS; attempt++) {
                Signs signs = attempt % 2 == 0 ? Signs.POSITIVE : attempt == 1 ? Signs.NEGATIVE : Signs.EITHER;
                Map<String, Rational> point = point(unknowns, whole, signs, random);
                Boolean same = allZero(zeros, point);
                if (same != null && !same) {
                    return Decision.different("function-proof");
                }
                agreed += same == null ? 0 : 1;
            }
        } catch (Undecided undecided) {
            return Decision.of(undecided);
        }
        return agreed >= 2 ? Decision.of(true, "function-seeded-points") : undecided();
    }

    private @Nullable Boolean allZero(List<Expr> zeros, Map<String, Rational> point) {
        for (Expr zero : zeros) {
            try {
                ComplexBall value =
                        new BallEvaluator(point, BITS_60_DIGITS, domain(zero, Domain.REAL), budget).evaluate(zero);
                if (!value.containsZero()) {
                    return false;
                }
                if (!accurate(value, BITS_60_DIGITS)) {
                    return null;
                }
            } catch (Undecided undecided) {
                if (undecided.reason() == Undecided.Reason.BUDGET) {
                    throw undecided;
                }
                return null;
            }
        }
        return true;
    }

    /** Whether an expression requires integer unknowns: factorials, binomials, and powers of negative numbers do. */
    private static boolean requiresIntegers(Expr expr) {
        if (expr instanceof Expr.Factorial factorial) {
            return !factorial.operand().variables().isEmpty();
        } else if (expr instanceof Expr.Call call) {
            return (call.function() == Function.BINOMIAL
                            || call.function() == Function.GCD
                            || call.function() == Function.LCM)
                    && !call.variables().isEmpty();
        } else if (expr instanceof Expr.Power power) {
            return !power.exponent().variables().isEmpty()
                    && (power.base() instanceof Expr.Neg
                            || (power.base() instanceof Expr.Num num
                                    && num.value().signum() < 0));
        } else if (expr instanceof Expr.Series series) {
            return !series.from().variables().isEmpty()
                    || !series.to().variables().isEmpty();
        }
        return false;
    }

    private static Map<String, Rational> point(
            Set<String> unknowns, boolean whole, Signs signs, SplittableRandom random) {
        Map<String, Rational> point = new HashMap<>();
        for (String unknown : unknowns) {
            if (whole) {
                point.put(unknown, Rational.of(random.nextInt(1, 14)));
            } else {
                int numerator = random.nextInt(100, 9_000);
                boolean negative = signs == Signs.NEGATIVE || (signs == Signs.EITHER && random.nextBoolean());
                point.put(
                        unknown,
                        new Rational(BigInteger.valueOf(negative ? -numerator : numerator), BigInteger.valueOf(2_003))
                                .reduced());
            }
        }
        return point;
    }

    private int numericProportion(Expr first, Expr second, Set<String> unknowns) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int attempt = 0; attempt < TRIES; attempt++) {
            Map<String, Rational> point = point(unknowns, false, Signs.POSITIVE, random);
            try {
                Domain domain = domain(Expr.difference(first, second), Domain.REAL);
                Ball firstThere = valueAt(first, point, domain);
                Ball secondThere = valueAt(second, point, domain);
                int sign = firstThere.sign() * secondThere.sign();
                if (sign != 0) {
                    return functions(List.of(crossProduct(first, second, point)), unknowns)
                                    .isEqual()
                            ? sign
                            : 0;
                }
            } catch (Undecided elsewhere) {
                if (elsewhere.reason() == Undecided.Reason.BUDGET) {
                    throw elsewhere;
                }
            }
        }
        return 0;
    }

    private Ball valueAt(Expr expr, Map<String, Rational> point, Domain domain) {
        return new BallEvaluator(point, BITS_60_DIGITS, domain, budget)
                .evaluate(expr)
                .re();
    }

    /** first second(p) - first(p) second: zero everywhere if and only if the two are proportional. */
    private static Expr crossProduct(Expr first, Expr second, Map<String, Rational> point) {
        return Expr.difference(
                new Expr.Product(List.of(first, at(second, point))),
                new Expr.Product(List.of(at(first, point), second)));
    }

    private static Expr at(Expr expr, Map<String, Rational> point) {
        if (expr instanceof Expr.Sym sym) {
            Rational value = point.get(sym.name());
            return value == null ? expr : new Expr.Num(value);
        }
        return expr.mapChildren(child -> at(child, point));
    }

    /** Compares two lists of expressions pairwise, in order. */
    Decision compareAll(List<Expr> reference, List<Expr> answer, String rule) {
        if (reference.size() != answer.size()) {
            return Decision.different(rule);
        }
        for (int i = 0; i < reference.size(); i++) {
            Decision decision = compare(reference.get(i), answer.get(i));
            if (!decision.isEqual()) {
                return decision.by(rule);
            }
        }
        return Decision.of(true, rule);
    }
}
