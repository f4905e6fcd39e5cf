package io.sppostream.verify.math.number;

import java.math.BigInteger;

/**
 * An exact fraction in lowest terms.
 *
 * @param numerator carries the sign
 * @param denominator positive
 */
public record Rational(BigInteger numerator, BigInteger denominator) implements Comparable<Rational> {
    public static final Rational ZERO = of(0);
    public static final Rational ONE = of(1);
    static final Rational TWO = of(2);

    /** Most bits of a numerator or denominator. */
    public static final int MAX_BITS = 100_000;

    /** An integer. */
    public static Rational of(long value) {
        return new Rational(BigInteger.valueOf(value), BigInteger.ONE);
    }

    /** An integer. */
    public static Rational of(BigInteger value) {
        return new Rational(value, BigInteger.ONE);
    }

    /** A fraction, reduced to lowest terms. */
    public static Rational of(BigInteger numerator, BigInteger denominator, StepBudget budget) {
        if (denominator.signum() == 0) {
            throw Undecided.undefined("division by zero");
        }
        if (denominator.equals(BigInteger.ONE)) {
            return new Rational(numerator, denominator);
        }
        if (numerator.bitLength() > 2 * MAX_BITS || denominator.bitLength() > 2 * MAX_BITS) {
            throw Undecided.budget("number too large");
        }
        budget.spendDivision(numerator.bitLength(), denominator.bitLength());
        BigInteger divisor = numerator.gcd(denominator);
        if (denominator.signum() < 0) {
            divisor = divisor.negate();
        }
        return new Rational(numerator.divide(divisor), denominator.divide(divisor));
    }

    /** Whether the denominator is 1. */
    public boolean isInteger() {
        return denominator.equals(BigInteger.ONE);
    }

    public boolean isZero() {
        return numerator.signum() == 0;
    }

    public int signum() {
        return numerator.signum();
    }

    /** The larger of the two bit lengths. */
    public int bits() {
        return Math.max(numerator.bitLength(), denominator.bitLength());
    }

    /** This as an int; throws {@link Undecided} if it is not an integer or too large. */
    public int intValueExact() {
        if (!isInteger() || numerator.bitLength() > 31) {
            throw Undecided.unsupported("not a small integer");
        }
        return numerator.intValueExact();
    }

    /** Whether this is an integer of less than 31 bits. */
    public boolean isSmallInteger() {
        return isInteger() && numerator.bitLength() < 31;
    }

    /** Whether the numerator has less than 31 bits. */
    public boolean isSmallNumerator() {
        return numerator.bitLength() < 31;
    }

    /** This in lowest terms, for a fraction that was built from a numerator and denominator with a common divisor. */
    public Rational reduced() {
        BigInteger divisor = numerator.gcd(denominator);
        return new Rational(numerator.divide(divisor), denominator.divide(divisor));
    }

    public Rational negate() {
        return new Rational(numerator.negate(), denominator);
    }

    public Rational abs() {
        return signum() < 0 ? negate() : this;
    }

    public Rational add(Rational other, StepBudget budget) {
        if (isInteger() && other.isInteger()) {
            return of(numerator.add(other.numerator));
        }
        return of(
                product(numerator, other.denominator, budget).add(product(other.numerator, denominator, budget)),
                product(denominator, other.denominator, budget),
                budget);
    }

    Rational subtract(Rational other, StepBudget budget) {
        return add(other.negate(), budget);
    }

    public Rational multiply(Rational other, StepBudget budget) {
        return of(product(numerator, other.numerator, budget), product(denominator, other.denominator, budget), budget);
    }

    public Rational divide(Rational other, StepBudget budget) {
        return of(product(numerator, other.denominator, budget), product(denominator, other.numerator, budget), budget);
    }

    /** This to an integer power. The size of the result is checked before it is computed. */
    public Rational power(int exponent, StepBudget budget) {
        if (exponent < 0) {
            if (isZero()) {
                throw Undecided.undefined("zero to a negative power");
            }
            return inverse().power(Math.negateExact(exponent), budget);
        }
        long bits = (long) bits() * exponent;
        boolean staysSmall = isInteger() && numerator.bitLength() <= 1;
        if (staysSmall) {
            return (exponent & 1) == 1 || (isZero() && exponent > 0) ? this : ONE;
        }
        if (bits > MAX_BITS) {
            throw Undecided.budget("power too large");
        }
        budget.spendMultiplication(bits, bits);
        return new Rational(numerator.pow(exponent), denominator.pow(exponent));
    }

    /** One divided by this, which is not zero. */
    private Rational inverse() {
        BigInteger above = denominator;
        BigInteger below = numerator;
        return below.signum() < 0 ? new Rational(above.negate(), below.negate()) : new Rational(above, below);
    }

    public BigInteger floor() {
        BigInteger[] parts = numerator.divideAndRemainder(denominator);
        return parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    @Override
    public int compareTo(Rational other) {
        return numerator.multiply(other.denominator).compareTo(other.numerator.multiply(denominator));
    }

    private static BigInteger product(BigInteger first, BigInteger second, StepBudget budget) {
        if ((long) first.bitLength() + second.bitLength() > 2L * MAX_BITS) {
            throw Undecided.budget("number too large");
        }
        budget.spendMultiplication(first.bitLength(), second.bitLength());
        return first.multiply(second);
    }
}
