package io.sppostream.verify.math.number;

import java.math.BigInteger;

/**
 * A real number with an error bound: some number in {@code [(mid - radius) 2^exponent, (mid + radius) 2^exponent]}. Every
 * operation returns a ball that contains the result for all numbers in its operands. The argument {@code bits} of an
 * operation is the precision of the result's midpoint.
 */
public record Ball(BigInteger mid, BigInteger radius, long exponent) {
    public static final Ball ZERO = new Ball(BigInteger.ZERO, BigInteger.ZERO, 0);
    public static final Ball ONE = new Ball(BigInteger.ONE, BigInteger.ZERO, 0);

    private static final int RADIUS_BITS = 30;

    /** Largest exponent, either way. Numbers beyond it exceed the budget. */
    private static final long MAX_EXPONENT = 4_000_000;

    /** A ball rounded to a mantissa of {@code bits}, or fewer if the error is larger than that. */
    static Ball of(BigInteger mid, BigInteger radius, long exponent, int bits) {
        int excess = Math.max(mid.bitLength() - bits, radius.bitLength() - RADIUS_BITS);
        Ball ball = excess <= 0
                ? new Ball(mid, radius, exponent)
                : new Ball(mid.shiftRight(excess), radius.shiftRight(excess).add(BigInteger.TWO), exponent + excess);
        if (Math.abs(ball.exponent) > MAX_EXPONENT) {
            throw Undecided.budget("magnitude");
        }
        return ball;
    }

    /** The ball of a rational number. */
    public static Ball of(Rational value, int bits) {
        if (value.isInteger()) {
            return of(value.numerator(), BigInteger.ZERO, 0, bits);
        }
        int shift = Math.max(
                0, bits + value.denominator().bitLength() - value.numerator().bitLength() + 2);
        BigInteger quotient = value.numerator().shiftLeft(shift).divide(value.denominator());
        return of(quotient, BigInteger.ONE, -shift, bits);
    }

    /** Whether this is zero without error. */
    public boolean isExactZero() {
        return mid.signum() == 0 && radius.signum() == 0;
    }

    /** Whether zero is within the error. */
    public boolean containsZero() {
        return mid.abs().compareTo(radius) <= 0;
    }

    /** The sign of every number in this ball, or 0 if they differ. */
    public int sign() {
        return containsZero() ? 0 : mid.signum();
    }

    /** An exponent of two that bounds the absolute value of every number in this ball. */
    public long magnitude() {
        return mid.abs().add(radius).bitLength() + exponent;
    }

    /** Number of leading bits that are known. */
    long accuracy() {
        return radius.signum() == 0 ? Long.MAX_VALUE : (long) mid.bitLength() - radius.bitLength();
    }

    public Ball negate() {
        return new Ball(mid.negate(), radius, exponent);
    }

    Ball abs() {
        return mid.signum() < 0 ? negate() : this;
    }

    /** This times a power of two. */
    public Ball scale(int powerOfTwo) {
        return new Ball(mid, radius, exponent + powerOfTwo);
    }

    public Ball add(Ball other, int bits) {
        if (isExactZero()) {
            return other;
        } else if (other.isExactZero()) {
            return this;
        }
        long floor = Math.max(magnitude(), other.magnitude()) - 2L * bits - 64;
        long common = Math.max(Math.min(exponent, other.exponent), floor);
        Ball first = at(common);
        Ball second = other.at(common);
        return of(first.mid.add(second.mid), first.radius.add(second.radius), common, bits);
    }

    /** The same ball with another exponent. Bits that are cut off are added to the radius. */
    private Ball at(long newExponent) {
        long shift = exponent - newExponent;
        if (shift >= 0) {
            return new Ball(mid.shiftLeft((int) shift), radius.shiftLeft((int) shift), newExponent);
        }
        int right = (int) Math.min(-shift, Integer.MAX_VALUE);
        return new Ball(mid.shiftRight(right), radius.shiftRight(right).add(BigInteger.TWO), newExponent);
    }

    public Ball subtract(Ball other, int bits) {
        return add(other.negate(), bits);
    }

    public Ball multiply(Ball other, int bits) {
        BigInteger error = mid.abs()
                .multiply(other.radius)
                .add(other.mid.abs().multiply(radius))
                .add(radius.multiply(other.radius));
        return of(mid.multiply(other.mid), error, exponent + other.exponent, bits);
    }

    public Ball divide(Ball other, int bits) {
        return multiply(other.inverse(bits), bits);
    }

    Ball inverse(int bits) {
        if (containsZero()) {
            throw Undecided.undefined("division by zero");
        }
        int shift = bits + mid.bitLength() + 2;
        BigInteger size = mid.abs();
        BigInteger quotient = BigInteger.ONE.shiftLeft(shift).divide(size);
        // |1/m - 1/(m±r)| = r / (m (m-r))
        BigInteger error = radius.signum() == 0
                ? BigInteger.TWO
                : radius.shiftLeft(shift)
                        .divide(size.multiply(size.subtract(radius)))
                        .add(BigInteger.TWO);
        return of(mid.signum() < 0 ? quotient.negate() : quotient, error, -shift - exponent, bits);
    }

    /** The square root of a number that is not negative. The part of the ball below zero is ignored. */
    public Ball sqrt(int bits) {
        BigInteger low = mid.subtract(radius).max(BigInteger.ZERO);
        BigInteger high = mid.add(radius);
        int shift = Math.max(0, 2 * bits + 4 - high.bitLength());
        if (((exponent - shift) & 1) != 0) {
            shift++;
        }
        BigInteger lowRoot = low.shiftLeft(shift).sqrt();
        BigInteger highRoot = radius.signum() == 0
                ? lowRoot.add(BigInteger.ONE)
                : high.shiftLeft(shift).sqrt().add(BigInteger.ONE);
        BigInteger sum = lowRoot.add(highRoot);
        return of(sum, highRoot.subtract(lowRoot), (exponent - shift) / 2 - 1, bits);
    }

    /** This to an integer power, by repeated squaring. */
    Ball power(int exponent, int bits) {
        Ball result = ONE;
        Ball square = exponent < 0 ? inverse(bits) : this;
        for (long left = Math.abs((long) exponent); left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                result = result.multiply(square, bits);
            }
            if (left > 1) {
                square = square.multiply(square, bits);
            }
        }
        return result;
    }

    /** The midpoint as a double. */
    public double doubleValue() {
        int drop = Math.max(0, mid.bitLength() - 60);
        return Math.scalb(mid.shiftRight(drop).doubleValue(), (int) Math.max(-3000, Math.min(3000, exponent + drop)));
    }
}
