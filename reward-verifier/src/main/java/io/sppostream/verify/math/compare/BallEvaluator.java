package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.number.Ball;
import io.sppostream.verify.math.number.BallFunctions;
import io.sppostream.verify.math.number.ComplexBall;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions at a point to a number of bits, with an error bound. */
final class BallEvaluator {
    private static final int MAX_SERIES_TERMS = 2_000;

    private final Map<String, Rational> point;
    private final int bits;
    private final Domain domain;
    private final StepBudget budget;
    private long scale;

    /** Which intermediate values are allowed. */
    enum Domain {
        /** Real numbers only: an intermediate value that is not real makes the result undefined. */
        REAL,
        /** Square roots of negative numbers are imaginary; odd roots of them are real. */
        REAL_ROOTS,
        /** Every root and logarithm is the principal one: for expressions with i. */
        COMPLEX
    }

    BallEvaluator(Map<String, Rational> point, int bits, Domain domain, StepBudget budget) {
        this.point = point;
        this.bits = bits;
        this.domain = domain;
        this.budget = budget;
    }

    /** The largest distance of an intermediate value from 1, in powers of two: the bits that cancellation can consume. */
    long scale() {
        return scale;
    }

    ComplexBall evaluate(Expr expr) {
        budget.spend(1 + bits / 256);
        ComplexBall value = compute(expr);
        if (!value.isReal() && domain == Domain.REAL) {
            throw Undecided.undefined("not real");
        }
        if (!value.re().containsZero()) {
            scale = Math.max(scale, Math.abs(value.re().magnitude()));
        }
        return value;
    }

    private ComplexBall compute(Expr expr) {
        if (expr instanceof Expr.Num num) {
            return real(num.value());
        } else if (expr instanceof Expr.Sym sym) {
            Rational value = point.get(sym.name());
            if (value == null) {
                throw Undecided.unsupported("unknown");
            }
            return real(value);
        } else if (expr instanceof Constant constant) {
            return constant(constant);
        } else if (expr instanceof Expr.Sum sum) {
            ComplexBall total = ComplexBall.real(Ball.ZERO);
            for (Expr term : sum.terms()) {
                total = total.add(evaluate(term), bits);
            }
            return total;
        } else if (expr instanceof Expr.Neg neg) {
            return evaluate(neg.operand()).negate();
        } else if (expr instanceof Expr.Product product) {
            ComplexBall total = ComplexBall.real(Ball.ONE);
            for (Expr factor : product.factors()) {
                total = total.multiply(evaluate(factor), bits);
            }
            return total;
        } else if (expr instanceof Expr.Quotient quotient) {
            return evaluate(quotient.numerator()).divide(evaluate(quotient.denominator()), bits);
        } else if (expr instanceof Expr.Power power) {
            return power(power);
        } else if (expr instanceof Expr.Root root) {
            return root(root);
        } else if (expr instanceof Expr.Call call) {
            return call(call);
        } else if (expr instanceof Expr.Apply apply) {
            return unknownFunction(apply.name(), apply.arguments());
        } else if (expr instanceof Expr.Series series) {
            return series(series);
        } else if (expr instanceof Expr.Factorial || expr instanceof Expr.InBase) {
            return real(new ExactEvaluator(point, budget).evaluate(expr));
        }
        throw Undecided.unsupported("no value");
    }

    private ComplexBall real(Rational value) {
        return ComplexBall.real(Ball.of(value, bits));
    }

    private ComplexBall constant(Constant constant) {
        return switch (constant) {
            case PI -> ComplexBall.real(BallFunctions.pi(bits));
            case E -> ComplexBall.real(Ball.ONE).exp(bits);
            case I -> new ComplexBall(Ball.ZERO, Ball.ONE);
            case INFINITY -> throw Undecided.unsupported("infinity");
        };
    }

    // ---- powers and roots ----

    private ComplexBall power(Expr.Power power) {
        if (power.base() == Constant.E) {
            spendSeries();
            return evaluate(power.exponent()).exp(bits);
        }
        ComplexBall base = evaluate(power.base());
        Rational exponent = exactly(power.exponent());
        if (exponent == null) {
            return generalPower(base, evaluate(power.exponent()));
        }
        return rationalPower(base, exponent);
    }

    private @Nullable Rational exactly(Expr expr) {
        try {
            return new ExactEvaluator(point, budget).evaluate(expr);
        } catch (Undecided irrational) {
            if (irrational.reason() == Undecided.Reason.UNSUPPORTED) {
                return null;
            }
            throw irrational;
        }
    }

    private ComplexBall rationalPower(ComplexBall base, Rational exponent) {
        if (exponent.isInteger()) {
            if (!exponent.isSmallInteger()) {
                throw Undecided.budget("power too large");
            }
            return base.power(exponent.intValueExact(), bits);
        }
        if (base.isReal() && base.re().isExactZero() && exponent.signum() > 0) {
            return base;
        }
        if (exponent.denominator().equals(BigInteger.TWO) && exponent.isSmallNumerator()) {
            return base.sqrt(bits).power(exponent.numerator().intValueExact(), bits);
        }
        boolean odd = exponent.denominator().testBit(0);
        if (domain != Domain.COMPLEX && odd && base.isReal() && base.re().sign() < 0) {
            ComplexBall size = generalPower(base.negate(), real(exponent));
            return exponent.numerator().testBit(0) ? size.negate() : size;
        }
        return generalPower(base, real(exponent));
    }

    private ComplexBall generalPower(ComplexBall base, ComplexBall exponent) {
        spendSeries();
        spendSeries();
        return base.log(bits).multiply(exponent, bits).exp(bits);
    }

    private ComplexBall root(Expr.Root root) {
        ComplexBall radicand = evaluate(root.radicand());
        Rational degree = exactly(root.degree());
        if (degree == null) {
            return generalPower(radicand, evaluate(root.degree()).inverse(bits));
        }
        if (degree.isZero()) {
            throw Undecided.undefined("root");
        }
        return rationalPower(radicand, Rational.ONE.divide(degree, budget));
    }

    private void spendSeries() {
        budget.spend(20L * (1 + bits / 256));
    }

    // ---- functions ----

    private ComplexBall call(Expr.Call call) {
        switch (call.function()) {
            case BINOMIAL, GCD, LCM, MAX, MIN -> {
                return real(new ExactEvaluator(point, budget).evaluate(call));
            }
            default -> {}
        }
        ComplexBall x = evaluate(call.arguments().get(0));
        spendSeries();
        return switch (call.function()) {
            case SIN -> sine(x);
            case COS -> cosine(x);
            case TAN -> sine(x).divide(cosine(x), bits);
            case COT -> cosine(x).divide(sine(x), bits);
            case SEC -> cosine(x).inverse(bits);
            case CSC -> sine(x).inverse(bits);
            case ASIN -> arcSine(x);
            case ACOS -> ComplexBall.real(BallFunctions.pi(bits).scale(-1)).subtract(arcSine(x), bits);
            case ATAN -> ComplexBall.real(BallFunctions.atan(requireReal(x), bits));
            case SINH -> half(x.exp(bits).subtract(x.negate().exp(bits), bits));
            case COSH -> half(x.exp(bits).add(x.negate().exp(bits), bits));
            case TANH -> {
                ComplexBall up = x.exp(bits);
                ComplexBall down = x.negate().exp(bits);
                yield up.subtract(down, bits).divide(up.add(down, bits), bits);
            }
            case EXP -> x.exp(bits);
            case LN -> x.log(bits);
            case LOG -> {
                ComplexBall base =
                        call.arguments().size() > 1 ? evaluate(call.arguments().get(1)) : real(Rational.of(10));
                yield x.log(bits).divide(base.log(bits), bits);
            }
            case ABS -> ComplexBall.real(x.abs(bits));
            case FLOOR -> real(floor(call.arguments().get(0), requireReal(x)));
            case CEILING ->
                real(floor(new Expr.Neg(call.arguments().get(0)), requireReal(x).negate())
                        .negate());
            case DEGREES ->
                x.multiply(ComplexBall.real(BallFunctions.pi(bits)), bits).divide(real(Rational.of(180)), bits);
            case BINOMIAL, GCD, LCM, MAX, MIN -> throw new AssertionError(call.function());
        };
    }

    private static Ball requireReal(ComplexBall x) {
        if (!x.isReal()) {
            throw Undecided.unsupported("complex argument");
        }
        return x.re();
    }

    private static ComplexBall half(ComplexBall x) {
        return new ComplexBall(x.re().scale(-1), x.im().scale(-1));
    }

    private ComplexBall sine(ComplexBall x) {
        if (x.isReal()) {
            return ComplexBall.real(BallFunctions.sinCos(x.re(), bits)[0]);
        }
        // sin z = (e^iz - e^-iz) / 2i
        ComplexBall turned = new ComplexBall(x.im().negate(), x.re());
        ComplexBall difference = half(turned.exp(bits).subtract(turned.negate().exp(bits), bits));
        return new ComplexBall(difference.im(), difference.re().negate());
    }

    private ComplexBall cosine(ComplexBall x) {
        if (x.isReal()) {
            return ComplexBall.real(BallFunctions.sinCos(x.re(), bits)[1]);
        }
        ComplexBall turned = new ComplexBall(x.im().negate(), x.re());
        return half(turned.exp(bits).add(turned.negate().exp(bits), bits));
    }

    /** asin x = 2 atan(x / (1 + sqrt(1 - x^2))), which is accurate at both ends. */
    private ComplexBall arcSine(ComplexBall argument) {
        Ball x = requireReal(argument);
        Ball rest = Ball.ONE.subtract(x.multiply(x, bits), bits);
        if (rest.sign() < 0) {
            throw Undecided.undefined("arcsine");
        }
        Ball tangent = x.divide(Ball.ONE.add(rest.sqrt(bits), bits), bits);
        return ComplexBall.real(BallFunctions.atan(tangent, bits).scale(1));
    }

    private Rational floor(Expr expr, Ball x) {
        Rational exact = exactly(expr);
        if (exact != null) {
            return Rational.of(exact.floor());
        }
        if (Math.abs(x.exponent()) > 4_096) {
            throw Undecided.budget("floor");
        }
        BigInteger low = shift(x.mid().subtract(x.radius()), x.exponent());
        if (!low.equals(shift(x.mid().add(x.radius()), x.exponent()))) {
            throw Undecided.undefined("floor at a step");
        }
        return Rational.of(low);
    }

    private static BigInteger shift(BigInteger mantissa, long exponent) {
        return exponent >= 0 ? mantissa.shiftLeft((int) exponent) : mantissa.shiftRight((int) -exponent);
    }

    // ---- series and unknown functions ----

    private ComplexBall series(Expr.Series series) {
        Rational from = exactly(series.from());
        Rational to = exactly(series.to());
        if (from == null || to == null || !from.isSmallInteger() || !to.isSmallInteger()) {
            // The bounds are not integers at this point: treat the sum as a function of its bounds times its body.
            List<Expr> parts = new ArrayList<>(List.of(series.from(), series.to()));
            Map<String, Rational> inner = new HashMap<>(point);
            inner.put(series.index(), new Rational(BigInteger.valueOf(17), BigInteger.valueOf(5)));
            ComplexBall body = new BallEvaluator(inner, bits, domain, budget).evaluate(series.body());
            return unknownFunction(series.product() ? "product" : "sum", parts).multiply(body, bits);
        }
        if ((long) to.intValueExact() - from.intValueExact() >= MAX_SERIES_TERMS) {
            throw Undecided.budget("series too long");
        }
        ComplexBall total = ComplexBall.real(series.product() ? Ball.ONE : Ball.ZERO);
        Map<String, Rational> inner = new HashMap<>(point);
        BallEvaluator body = new BallEvaluator(inner, bits, domain, budget);
        for (int index = from.intValueExact(); index <= to.intValueExact(); index++) {
            inner.put(series.index(), Rational.of(index));
            ComplexBall term = body.evaluate(series.body());
            total = series.product() ? total.multiply(term, bits) : total.add(term, bits);
        }
        return total;
    }

    /**
     * The value of an unknown function. An arbitrary cubic, fixed by the name, stands for the function. Expressions that
     * are equal for every function are equal for this one, and hardly any others are.
     */
    private ComplexBall unknownFunction(String name, List<Expr> arguments) {
        long seed = name.hashCode();
        ComplexBall total = coefficient(seed, 0);
        ComplexBall cross = coefficient(seed, 1);
        int k = 2;
        for (Expr argument : arguments) {
            ComplexBall x = evaluate(argument);
            ComplexBall inner = coefficient(seed, k).multiply(x, bits).add(coefficient(seed, k + 1), bits);
            ComplexBall outer = inner.multiply(x, bits).add(coefficient(seed, k + 2), bits);
            total = total.add(outer.multiply(x, bits), bits);
            cross = cross.multiply(x, bits);
            k += 3;
        }
        return total.add(cross, bits);
    }

    private ComplexBall coefficient(long seed, int index) {
        long mixed = (seed * 31 + index) * 0x9E3779B97F4A7C15L;
        return real(new Rational(BigInteger.valueOf(1 + (mixed >>> 44)), BigInteger.ONE.shiftLeft(18)).reduced());
    }
}
