package io.sppostream.verify.math.number;

/**
 * A complex number with an error bound in each part. A real number has an imaginary part that is exactly zero. The
 * argument {@code bits} of an operation is the precision of the result.
 *
 * @param re the real part
 * @param im the imaginary part
 */
public record ComplexBall(Ball re, Ball im) {
    /** A real number. */
    public static ComplexBall real(Ball value) {
        return new ComplexBall(value, Ball.ZERO);
    }

    /** Whether the imaginary part is exactly zero. */
    public boolean isReal() {
        return im.isExactZero();
    }

    /** Whether zero is within the error. */
    public boolean containsZero() {
        return re.containsZero() && im.containsZero();
    }

    public ComplexBall negate() {
        return new ComplexBall(re.negate(), im.negate());
    }

    public ComplexBall add(ComplexBall other, int bits) {
        return new ComplexBall(re.add(other.re, bits), im.add(other.im, bits));
    }

    public ComplexBall subtract(ComplexBall other, int bits) {
        return add(other.negate(), bits);
    }

    public ComplexBall multiply(ComplexBall other, int bits) {
        if (isReal() && other.isReal()) {
            return real(re.multiply(other.re, bits));
        }
        return new ComplexBall(
                re.multiply(other.re, bits).subtract(im.multiply(other.im, bits), bits),
                re.multiply(other.im, bits).add(im.multiply(other.re, bits), bits));
    }

    public ComplexBall inverse(int bits) {
        if (isReal()) {
            return real(re.inverse(bits));
        }
        Ball norm = norm(bits).inverse(bits);
        return new ComplexBall(re.multiply(norm, bits), im.negate().multiply(norm, bits));
    }

    public ComplexBall divide(ComplexBall other, int bits) {
        return multiply(other.inverse(bits), bits);
    }

    private Ball norm(int bits) {
        return re.multiply(re, bits).add(im.multiply(im, bits), bits);
    }

    /** The absolute value. */
    public Ball abs(int bits) {
        return isReal() ? re.abs() : norm(bits).sqrt(bits);
    }

    /** This to an integer power, by repeated squaring. */
    public ComplexBall power(int exponent, int bits) {
        if (isReal()) {
            return real(re.power(exponent, bits));
        }
        ComplexBall result = real(Ball.ONE);
        ComplexBall square = exponent < 0 ? inverse(bits) : this;
        for (long left = Math.abs((long) exponent); left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                result = result.multiply(square, bits);
            }
            square = left > 1 ? square.multiply(square, bits) : square;
        }
        return result;
    }

    public ComplexBall exp(int bits) {
        Ball size = BallFunctions.exp(re, bits);
        if (isReal()) {
            return real(size);
        }
        Ball[] sinCos = BallFunctions.sinCos(im, bits);
        return new ComplexBall(size.multiply(sinCos[1], bits), size.multiply(sinCos[0], bits));
    }

    /** The principal logarithm. */
    public ComplexBall log(int bits) {
        return isReal() && re.sign() > 0
                ? real(BallFunctions.log(re, bits))
                : new ComplexBall(BallFunctions.log(abs(bits), bits), argument(bits));
    }

    /** The principal argument, in (-pi, pi]. */
    private Ball argument(int bits) {
        Ball pi = BallFunctions.pi(bits);
        if (isReal()) {
            if (re.sign() == 0) {
                throw Undecided.undefined("argument of zero");
            }
            return re.sign() > 0 ? Ball.ZERO : pi;
        }
        if (re.sign() > 0) {
            return BallFunctions.atan(im.divide(re, bits), bits);
        }
        if (im.sign() == 0) {
            throw Undecided.undefined("argument at a branch cut");
        }
        // Above and below the real axis: ±pi/2 - atan(x/y).
        Ball quarter = pi.scale(-1);
        return (im.sign() > 0 ? quarter : quarter.negate())
                .subtract(BallFunctions.atan(re.divide(im, bits), bits), bits);
    }

    /** The principal square root. */
    public ComplexBall sqrt(int bits) {
        if (isReal() && re.sign() < 0) {
            return new ComplexBall(Ball.ZERO, re.negate().sqrt(bits));
        }
        if (isReal()) {
            return real(re.sqrt(bits));
        }
        return log(bits).multiply(real(Ball.ONE.scale(-1)), bits).exp(bits);
    }
}
