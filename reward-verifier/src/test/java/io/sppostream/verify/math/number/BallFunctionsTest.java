package io.sppostream.verify.math.number;

import static org.assertj.core.api.Assertions.assertThat;

import ch.obermuhlner.math.big.BigDecimalMath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every ball contains the true value and is narrow, compared with another library to 130 digits. */
class BallFunctionsTest {
    private static final MathContext DIGITS = new MathContext(130);
    private static final int BITS = 400;

    static Stream<Rational> arguments() {
        SplittableRandom random = new SplittableRandom(1);
        Stream<Rational> some = Stream.of(
                fraction(1, 1),
                fraction(2, 1),
                fraction(1, 2),
                fraction(3, 1),
                fraction(1, 1_000_000),
                fraction(1_000, 1),
                fraction(999_999, 1_000_000),
                fraction(1_000_001, 1_000_000));
        return Stream.concat(
                some,
                Stream.generate(() -> fraction(random.nextLong(1, 100_000), random.nextLong(1, 10_000)))
                        .limit(40));
    }

    @ParameterizedTest
    @MethodSource("arguments")
    void shouldContainTheTrueValueWhenAFunctionIsComputed(Rational argument) {
        BigDecimal x = decimal(argument);
        Ball ball = Ball.of(argument, BITS);
        assertHolds(BallFunctions.exp(ball, BITS), BigDecimalMath.exp(x, DIGITS));
        assertHolds(BallFunctions.exp(ball.negate(), BITS), BigDecimalMath.exp(x.negate(), DIGITS));
        assertHolds(BallFunctions.log(ball, BITS), BigDecimalMath.log(x, DIGITS));
        assertHolds(BallFunctions.sinCos(ball, BITS)[0], BigDecimalMath.sin(x, DIGITS));
        assertHolds(BallFunctions.sinCos(ball, BITS)[1], BigDecimalMath.cos(x, DIGITS));
        assertHolds(BallFunctions.sinCos(ball.negate(), BITS)[0], BigDecimalMath.sin(x.negate(), DIGITS));
        assertHolds(BallFunctions.atan(ball, BITS), BigDecimalMath.atan(x, DIGITS));
        assertHolds(BallFunctions.atan(ball.negate(), BITS), BigDecimalMath.atan(x.negate(), DIGITS));
        assertHolds(ball.sqrt(BITS), BigDecimalMath.sqrt(x, DIGITS));
    }

    @Test
    void shouldContainPiWhenComputed() {
        assertHolds(BallFunctions.pi(BITS), BigDecimalMath.pi(DIGITS));
    }

    @Test
    void shouldWidenWhenItsArgumentIsUncertain() {
        Ball wide = new Ball(BigInteger.ONE.shiftLeft(100), BigInteger.ONE.shiftLeft(20), -100);
        for (Ball edge : new Ball[] {edge(wide, -1), edge(wide, 1)}) {
            BigDecimal x = decimal(edge.mid(), edge.exponent());
            assertEncloses(BallFunctions.exp(wide, BITS), BigDecimalMath.exp(x, DIGITS));
            assertEncloses(BallFunctions.log(wide, BITS), BigDecimalMath.log(x, DIGITS));
            assertEncloses(BallFunctions.sinCos(wide, BITS)[0], BigDecimalMath.sin(x, DIGITS));
            assertEncloses(BallFunctions.atan(wide, BITS), BigDecimalMath.atan(x, DIGITS));
            assertEncloses(wide.sqrt(BITS), BigDecimalMath.sqrt(x, DIGITS));
            assertEncloses(wide.inverse(BITS), BigDecimal.ONE.divide(x, DIGITS));
        }
    }

    private static Ball edge(Ball ball, int side) {
        return new Ball(
                ball.mid().add(ball.radius().multiply(BigInteger.valueOf(side))), BigInteger.ZERO, ball.exponent());
    }

    private static void assertHolds(Ball ball, BigDecimal value) {
        assertEncloses(ball, value);
        assertThat(decimal(ball.radius(), ball.exponent()))
                .isLessThan(new BigDecimal("1e-110").multiply(scaleOf(value)));
    }

    private static BigDecimal scaleOf(BigDecimal value) {
        return value.abs().max(BigDecimal.ONE);
    }

    private static void assertEncloses(Ball ball, BigDecimal value) {
        BigDecimal slack = new BigDecimal("1e-128").multiply(scaleOf(value));
        assertThat(decimal(ball.mid(), ball.exponent()).subtract(value).abs())
                .isLessThanOrEqualTo(decimal(ball.radius(), ball.exponent()).add(slack));
    }

    private static Rational fraction(long numerator, long denominator) {
        return new Rational(BigInteger.valueOf(numerator), BigInteger.valueOf(denominator)).reduced();
    }

    private static BigDecimal decimal(Rational value) {
        return new BigDecimal(value.numerator())
                .divide(new BigDecimal(value.denominator()), new MathContext(DIGITS.getPrecision() + 40));
    }

    private static BigDecimal decimal(BigInteger mantissa, long exponent) {
        BigDecimal power = BigDecimal.valueOf(2).pow((int) Math.abs(exponent));
        return exponent < 0 ? new BigDecimal(mantissa).divide(power) : new BigDecimal(mantissa).multiply(power);
    }
}
