package io.sppostream.verify.math.number;

import java.math.BigInteger;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Elementary functions of real {@link Ball}s. Each sums a series in fixed point at the midpoint of the ball, with 40
 * guard bits, far more than the rounding errors can consume. A bound on the derivative turns the radius of the argument
 * into an error of the result.
 */
public final class BallFunctions {
    private static final int GUARD = 40;

    /** Halvings of an exponent before its series is summed; undone by as many squarings. */
    private static final int HALVINGS = 12;

    /** Arguments beyond two to this power exceed the budget: their exponentials are out of range. */
    private static final int MAX_ARGUMENT_BITS = 22;

    private static final ConcurrentMap<Integer, BigInteger> PI = new ConcurrentHashMap<>();
    private static final ConcurrentMap<Integer, BigInteger> LN_2 = new ConcurrentHashMap<>();

    private BallFunctions() {}

    // ---- constants ----

    /** The constant pi. */
    public static Ball pi(int bits) {
        int places = places(bits);
        return Ball.of(pi0(places), BigInteger.TWO, -places, bits);
    }

    /** Places rounded up to a multiple of 64, so that the cache of constants stays small. */
    private static int places(int bits) {
        return (bits + GUARD + 63) / 64 * 64;
    }

    /** pi times two to the power of {@code places}, by Machin's formula pi = 16 atan(1/5) - 4 atan(1/239). */
    private static BigInteger pi0(int places) {
        return PI.computeIfAbsent(
                places,
                p -> inverseTangentOfInverse(5, p + GUARD)
                        .shiftLeft(4)
                        .subtract(inverseTangentOfInverse(239, p + GUARD).shiftLeft(2))
                        .shiftRight(GUARD));
    }

    private static BigInteger inverseTangentOfInverse(int n, int places) {
        BigInteger square = BigInteger.valueOf((long) n * n);
        BigInteger power = BigInteger.ONE.shiftLeft(places).divide(BigInteger.valueOf(n));
        BigInteger sum = BigInteger.ZERO;
        for (int k = 1; power.signum() != 0; k += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(k));
            sum = (k & 2) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.divide(square);
        }
        return sum;
    }

    /** ln 2 times two to the power of {@code places}, by ln 2 = 2 atanh(1/3). */
    private static BigInteger ln2(int places) {
        return LN_2.computeIfAbsent(places, p -> {
            BigInteger power = BigInteger.ONE.shiftLeft(p + GUARD + 1).divide(BigInteger.valueOf(3));
            BigInteger sum = BigInteger.ZERO;
            for (int k = 1; power.signum() != 0; k += 2) {
                sum = sum.add(power.divide(BigInteger.valueOf(k)));
                power = power.divide(BigInteger.valueOf(9));
            }
            return sum.shiftRight(GUARD);
        });
    }

    // ---- exponential and logarithm ----

    static Ball exp(Ball x, int bits) {
        if (x.isExactZero()) {
            return Ball.ONE;
        }
        requireModerate(x);
        int places = places(bits + MAX_ARGUMENT_BITS);
        BigInteger fixed = fixed(x, places);
        BigInteger log2 = ln2(places);
        BigInteger turns = fixed.divide(log2);
        BigInteger rest = fixed.subtract(turns.multiply(log2)).shiftRight(HALVINGS);
        BigInteger one = BigInteger.ONE.shiftLeft(places);
        BigInteger sum = one;
        BigInteger term = one;
        for (int k = 1; term.signum() != 0 && k < 2 * places; k++) {
            term = term.multiply(rest).shiftRight(places).divide(BigInteger.valueOf(k));
            sum = sum.add(term);
        }
        for (int i = 0; i < HALVINGS; i++) {
            sum = sum.multiply(sum).shiftRight(places);
        }
        // |e^(m±r) - e^m| <= 2 r e^m for r <= 1. The series adds a relative error of 2^-(bits + 8).
        Ball value = Ball.of(sum, BigInteger.ONE.shiftLeft(places - bits - 8), turns.longValueExact() - places, bits);
        return withRelativeError(value, errorOf(x).scale(1), bits);
    }

    /** The natural logarithm of a positive number. */
    static Ball log(Ball x, int bits) {
        if (x.sign() <= 0) {
            throw Undecided.undefined("logarithm");
        }
        int places = places(bits);
        long size = x.mid().bitLength();
        BigInteger mantissa = size <= places
                ? x.mid().shiftLeft((int) (places - size))
                : x.mid().shiftRight((int) (size - places));
        Ball fraction = new Ball(mantissa, BigInteger.ZERO, -places);
        Ball guess = ofDouble(Math.log(fraction.doubleValue()));
        // Halley's iteration triples the digits: 50, 150, 450, ...
        for (int known = 48; known < bits + 16; known *= 3) {
            Ball power = midpoint(exp(midpoint(guess), bits + 32));
            Ball step = fraction.subtract(power, bits + 32).divide(fraction.add(power, bits + 32), bits + 32);
            guess = midpoint(guess.add(midpoint(step).scale(1), bits + 32));
        }
        Ball scaled = new Ball(ln2(places).multiply(BigInteger.valueOf(size + x.exponent())), BigInteger.ONE, -places);
        BigInteger seriesError = BigInteger.ONE.shiftLeft(places - bits - 4);
        Ball value = guess.add(scaled, bits + 16).add(new Ball(BigInteger.ZERO, seriesError, -places), bits);
        // |ln(m±r) - ln m| <= r / (m - r)
        Ball low = new Ball(x.mid().subtract(x.radius()), BigInteger.ZERO, x.exponent());
        return withError(value, errorOf(x).divide(low, 32), bits);
    }

    // ---- circular functions ----

    /** The sine and the cosine, in this order. */
    public static Ball[] sinCos(Ball x, int bits) {
        requireModerate(x);
        int places = places(bits + MAX_ARGUMENT_BITS);
        BigInteger fixed = fixed(x, places);
        BigInteger quarter = pi0(places).shiftRight(1);
        BigInteger turns = fixed.add(quarter.shiftRight(1)).divide(quarter);
        BigInteger rest = fixed.subtract(turns.multiply(quarter));
        BigInteger one = BigInteger.ONE.shiftLeft(places);
        BigInteger sine = BigInteger.ZERO;
        BigInteger cosine = BigInteger.ZERO;
        BigInteger term = one;
        for (int k = 0; term.signum() != 0 && k < 2 * places; k++) {
            if ((k & 1) == 0) {
                cosine = (k & 2) == 0 ? cosine.add(term) : cosine.subtract(term);
            } else {
                sine = (k & 2) == 0 ? sine.add(term) : sine.subtract(term);
            }
            term = term.multiply(rest).shiftRight(places);
            // Division rounds towards zero, so that negative terms reach zero too.
            term = term.divide(BigInteger.valueOf(k + 1L));
        }
        BigInteger error = BigInteger.ONE.shiftLeft(places - bits - 8);
        Ball s = withError(Ball.of(sine, error, -places, bits), errorOf(x), bits);
        Ball c = withError(Ball.of(cosine, error, -places, bits), errorOf(x), bits);
        return switch (turns.intValue() & 3) {
            case 0 -> new Ball[] {s, c};
            case 1 -> new Ball[] {c, s.negate()};
            case 2 -> new Ball[] {s.negate(), c.negate()};
            default -> new Ball[] {c.negate(), s};
        };
    }

    /** The inverse tangent, in (-pi/2, pi/2). */
    public static Ball atan(Ball x, int bits) {
        if (x.isExactZero()) {
            return Ball.ZERO;
        }
        if (isWide(x) && x.accuracy() < 8) {
            throw Undecided.unsupported("imprecise");
        }
        if (x.magnitude() > 1 && !x.containsZero()) {
            // atan x = ±pi/2 - atan 1/x
            Ball half = pi(bits).scale(-1);
            Ball rest = atan(x.inverse(bits + 16), bits);
            return (x.mid().signum() < 0 ? half.negate() : half).subtract(rest, bits);
        }
        Ball reduced = midpoint(x);
        int halvings = 3;
        for (int i = 0; i < halvings; i++) {
            // atan x = 2 atan(x / (1 + sqrt(1 + x^2)))
            Ball root = Ball.ONE
                    .add(reduced.multiply(reduced, bits + 32), bits + 32)
                    .sqrt(bits + 32);
            reduced = midpoint(reduced.divide(Ball.ONE.add(root, bits + 32), bits + 32));
        }
        int places = places(bits) + (int) Math.min(4096, Math.max(0, -reduced.magnitude()));
        BigInteger fixed = fixed(reduced, places);
        BigInteger square = fixed.multiply(fixed).shiftRight(places);
        BigInteger power = fixed;
        BigInteger sum = BigInteger.ZERO;
        for (int k = 1; power.signum() != 0 && !power.equals(BigInteger.ONE.negate()); k += 2) {
            BigInteger term = power.divide(BigInteger.valueOf(k));
            sum = (k & 2) == 0 ? sum.add(term) : sum.subtract(term);
            power = power.multiply(square).shiftRight(places);
        }
        BigInteger error = BigInteger.ONE.shiftLeft(Math.max(0, places - bits - 8));
        Ball value = Ball.of(sum.shiftLeft(halvings), error, -places, bits);
        return withError(value, errorOf(x), bits);
    }

    // ---- balls and fixed point ----

    private static void requireModerate(Ball x) {
        if (x.magnitude() > MAX_ARGUMENT_BITS) {
            throw Undecided.budget("argument");
        }
        if (isWide(x)) {
            throw Undecided.unsupported("imprecise");
        }
    }

    /** Whether the error is too large for the bounds on the derivatives, which hold for small errors only. */
    private static boolean isWide(Ball x) {
        return x.radius().signum() != 0 && x.radius().bitLength() + x.exponent() > -8;
    }

    private static BigInteger fixed(Ball x, int places) {
        long shift = x.exponent() + places;
        return shift >= 0 ? x.mid().shiftLeft((int) shift) : x.mid().shiftRight((int) Math.min(-shift, 1 << 30));
    }

    private static Ball midpoint(Ball x) {
        return new Ball(x.mid(), BigInteger.ZERO, x.exponent());
    }

    private static Ball ofDouble(double value) {
        return value == 0
                ? Ball.ZERO
                : new Ball(BigInteger.valueOf((long) Math.scalb(value, 52)), BigInteger.ZERO, -52);
    }

    /** The radius of a ball as a number. */
    private static Ball errorOf(Ball x) {
        return new Ball(x.radius(), BigInteger.ZERO, x.exponent());
    }

    private static Ball withError(Ball value, Ball error, int bits) {
        return error.isExactZero()
                ? value
                : value.add(new Ball(BigInteger.ZERO, error.mid().abs().add(error.radius()), error.exponent()), bits);
    }

    private static Ball withRelativeError(Ball value, Ball error, int bits) {
        return error.isExactZero() ? value : withError(value, value.abs().multiply(error, 32), bits);
    }
}
