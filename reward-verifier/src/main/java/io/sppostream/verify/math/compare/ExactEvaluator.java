package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Evaluates expressions exactly, as rational numbers; throws {@link Undecided} if that is impossible. */
final class ExactEvaluator {
    private static final int MAX_SERIES_TERMS = 2_000;

    private final Map<String, Rational> point;
    private final StepBudget budget;

    ExactEvaluator(Map<String, Rational> point, StepBudget budget) {
        this.point = point;
        this.budget = budget;
    }

    Rational evaluate(Expr expr) {
        budget.spend(1);
        if (expr instanceof Expr.Num num) {
            return num.value();
        } else if (expr instanceof Expr.Sym sym) {
            Rational value = point.get(sym.name());
            if (value == null) {
                throw Undecided.unsupported("unknown");
            }
            return value;
        } else if (expr instanceof Expr.Sum sum) {
            Rational total = Rational.ZERO;
            for (Expr term : sum.terms()) {
                total = total.add(evaluate(term), budget);
            }
            return total;
        } else if (expr instanceof Expr.Neg neg) {
            return evaluate(neg.operand()).negate();
        } else if (expr instanceof Expr.Product product) {
            Rational total = Rational.ONE;
            for (Expr factor : product.factors()) {
                total = total.multiply(evaluate(factor), budget);
            }
            return total;
        } else if (expr instanceof Expr.Quotient quotient) {
            return evaluate(quotient.numerator()).divide(evaluate(quotient.denominator()), budget);
        } else if (expr instanceof Expr.Power power) {
            return power(evaluate(power.base()), evaluate(power.exponent()));
        } else if (expr instanceof Expr.Root root) {
            return root(evaluate(root.radicand()), evaluate(root.degree()).intValueExact());
        } else if (expr instanceof Expr.Factorial factorial) {
            return factorial(evaluate(factorial.operand()), factorial.step());
        } else if (expr instanceof Expr.Call call) {
            return call(call);
        } else if (expr instanceof Expr.Series series) {
            return series(series);
        } else if (expr instanceof Expr.InBase inBase) {
            return inBase(inBase);
        }
        throw Undecided.unsupported("not rational");
    }

    private Rational power(Rational base, Rational exponent) {
        if (base.equals(Rational.ONE)) {
            return Rational.ONE;
        }
        if (exponent.isInteger()) {
            if (!exponent.isSmallInteger()) {
                throw Undecided.budget("power too large");
            }
            return base.power(exponent.intValueExact(), budget);
        }
        if (!Rational.of(exponent.numerator()).isSmallInteger()) {
            throw Undecided.budget("power too large");
        }
        return root(base, Rational.of(exponent.denominator()).intValueExact())
                .power(exponent.numerator().intValueExact(), budget);
    }

    private Rational root(Rational radicand, int degree) {
        if (degree < 1) {
            throw Undecided.unsupported("root");
        }
        if (radicand.signum() < 0) {
            if ((degree & 1) == 0) {
                throw Undecided.unsupported("not real");
            }
            return root(radicand.negate(), degree).negate();
        }
        return new Rational(root(radicand.numerator(), degree), root(radicand.denominator(), degree));
    }

    private BigInteger root(BigInteger radicand, int degree) {
        int bits = radicand.bitLength();
        if (bits <= 1) {
            return radicand;
        }
        if (bits > 4_096 || degree > bits) {
            throw Undecided.unsupported("root");
        }
        budget.spend(2 + bits / 64L * (degree == 2 ? 1 : bits / 16));
        if (degree == 2) {
            BigInteger[] parts = radicand.sqrtAndRemainder();
            if (parts[1].signum() != 0) {
                throw Undecided.unsupported("irrational");
            }
            return parts[0];
        }
        BigInteger low = BigInteger.ONE;
        BigInteger high = BigInteger.ONE.shiftLeft(bits / degree + 1);
        while (low.compareTo(high) < 0) {
            BigInteger middle = low.add(high).shiftRight(1);
            if (middle.pow(degree).compareTo(radicand) < 0) {
                low = middle.add(BigInteger.ONE);
            } else {
                high = middle;
            }
        }
        if (!low.pow(degree).equals(radicand)) {
            throw Undecided.unsupported("irrational");
        }
        return low;
    }

    private Rational factorial(Rational operand, int step) {
        if (!operand.isInteger() || operand.signum() < 0) {
            throw Undecided.undefined("factorial");
        }
        BigInteger n = operand.numerator();
        // n! has about n log2 n bits.
        if (n.bitLength() > 20 || n.longValue() * n.bitLength() > Rational.MAX_BITS) {
            throw Undecided.budget("factorial too large");
        }
        int top = n.intValueExact();
        budget.spend(1 + (long) top * top / 50_000);
        return Rational.of(rangeProduct(top % step == 0 ? step : 1, Math.max(top, 1), step));
    }

    /** The product of first, first + step, ..., last, by halves, so that the factors have similar sizes. */
    private static BigInteger rangeProduct(int first, int last, int step) {
        if (first > last) {
            return BigInteger.ONE;
        }
        if (last - first < 8 * step) {
            BigInteger product = BigInteger.valueOf(first);
            for (int i = first + step; i <= last; i += step) {
                product = product.multiply(BigInteger.valueOf(i));
            }
            return product;
        }
        int middle = first + (last - first) / step / 2 * step;
        return rangeProduct(first, middle, step).multiply(rangeProduct(middle + step, last, step));
    }

    private Rational call(Expr.Call call) {
        List<Rational> values = call.arguments().stream().map(this::evaluate).toList();
        return switch (call.function()) {
            case ABS -> values.get(0).abs();
            case FLOOR -> Rational.of(values.get(0).floor());
            case CEILING -> Rational.of(values.get(0).negate().floor().negate());
            case BINOMIAL -> binomial(values.get(0), values.get(1));
            case GCD ->
                Rational.of(values.stream().map(ExactEvaluator::whole).reduce(BigInteger.ZERO, BigInteger::gcd));
            case LCM ->
                Rational.of(values.stream().map(ExactEvaluator::whole).reduce(BigInteger.ONE, ExactEvaluator::lcm));
            case MAX -> values.stream().reduce(values.get(0), (a, b) -> a.compareTo(b) >= 0 ? a : b);
            case MIN -> values.stream().reduce(values.get(0), (a, b) -> a.compareTo(b) <= 0 ? a : b);
            default -> throw Undecided.unsupported("not rational");
        };
    }

    private static BigInteger whole(Rational value) {
        if (!value.isInteger() || value.bits() > 4_096) {
            throw Undecided.unsupported("not whole");
        }
        return value.numerator();
    }

    private static BigInteger lcm(BigInteger first, BigInteger second) {
        BigInteger divisor = first.gcd(second);
        return divisor.signum() == 0
                ? BigInteger.ZERO
                : first.divide(divisor).multiply(second).abs();
    }

    private Rational binomial(Rational n, Rational k) {
        if (!k.isSmallInteger() || !n.isSmallInteger() || k.signum() < 0 || n.signum() < 0) {
            throw Undecided.undefined("binomial");
        }
        int top = n.intValueExact();
        int chosen = k.intValueExact();
        if (chosen > top) {
            return Rational.ZERO;
        }
        int fewer = Math.min(chosen, top - chosen);
        if ((long) fewer * (32 - Integer.numberOfLeadingZeros(top)) > Rational.MAX_BITS / 4) {
            throw Undecided.budget("binomial too large");
        }
        budget.spend(1 + (long) fewer * fewer / 25_000);
        return Rational.of(rangeProduct(top - fewer + 1, top, 1).divide(rangeProduct(1, Math.max(fewer, 1), 1)));
    }

    private Rational series(Expr.Series series) {
        int from = evaluate(series.from()).intValueExact();
        int to = evaluate(series.to()).intValueExact();
        if ((long) to - from >= MAX_SERIES_TERMS) {
            throw Undecided.budget("series too long");
        }
        Map<String, Rational> inner = new HashMap<>(point);
        ExactEvaluator body = new ExactEvaluator(inner, budget);
        Rational total = series.product() ? Rational.ONE : Rational.ZERO;
        for (int index = from; index <= to; index++) {
            inner.put(series.index(), Rational.of(index));
            Rational term = body.evaluate(series.body());
            total = series.product() ? total.multiply(term, budget) : total.add(term, budget);
        }
        return total;
    }

    private Rational inBase(Expr.InBase number) {
        BigInteger base = BigInteger.valueOf(number.base());
        BigInteger value = BigInteger.ZERO;
        for (int i = 0; i < number.digits().length(); i++) {
            int digit = Character.digit(number.digits().charAt(i), 36);
            if (digit < 0 || digit >= Math.abs(number.base())) {
                throw Undecided.undefined("digit");
            }
            value = value.multiply(base).add(BigInteger.valueOf(digit));
        }
        return Rational.of(value);
    }
}
