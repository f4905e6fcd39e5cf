package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Parses numbers: integers, decimals, repeating decimals, mixed numbers, and digits in a base. */
final class NumberParser {
    private final TokenCursor cursor;

    NumberParser(TokenCursor cursor) {
        this.cursor = cursor;
    }

    /** The number at the cursor, with its base or, in a mixed number, its fraction. */
    Expr parse() {
        String digits = cursor.next().text();
        if (cursor.at("_")) {
            return inBase(digits);
        }
        Expr number = cursor.node(new Expr.Num(value(digits)));
        boolean whole = digits.chars().allMatch(c -> c >= '0' && c <= '9');
        Expr fraction = whole ? mixedFraction() : null;
        return fraction == null ? number : cursor.node(new Expr.Sum(List.of(number, fraction)));
    }

    /** The fraction of a mixed number, {@code \frac{1}{2}} or {@code 1/2}, both parts digits; null if there is none. */
    private @Nullable Expr mixedFraction() {
        int start = cursor.position();
        if (cursor.peek().isCommand("frac")) {
            cursor.next();
            Expr numerator = wholeArgument();
            Expr denominator = numerator == null ? null : wholeArgument();
            if (numerator != null && denominator != null && !cursor.at("^")) {
                return cursor.node(new Expr.Quotient(numerator, denominator));
            }
        } else if (cursor.peek().kind() == Token.Kind.NUMBER
                && cursor.peek(1).isPunctuation("/")
                && cursor.peek(2).kind() == Token.Kind.NUMBER) {
            Expr numerator = new Expr.Num(value(cursor.next().text()));
            cursor.next();
            return cursor.node(new Expr.Quotient(
                    numerator, new Expr.Num(value(cursor.next().text()))));
        }
        cursor.rewind(start);
        return null;
    }

    private @Nullable Expr wholeArgument() {
        boolean braced = cursor.accept("{");
        if (cursor.peek().kind() != Token.Kind.NUMBER || cursor.peek().text().contains(".")) {
            return null;
        }
        Expr number = new Expr.Num(value(cursor.next().text()));
        return braced && !cursor.accept("}") ? null : number;
    }

    /** Digits with the base in the subscript at the cursor. */
    Expr inBase(String digits) {
        String significant = digits.toUpperCase(Locale.ROOT).replaceFirst("^0+(?=.)", "");
        return cursor.node(new Expr.InBase(significant, subscriptBase()));
    }

    /** A numeric subscript after digits is a base: {@code 204_5}, {@code 204_{5}}, {@code 204_{(5)}}. */
    private int subscriptBase() {
        cursor.expect("_");
        boolean braced = cursor.accept("{");
        boolean bracketed = cursor.accept("(");
        boolean negative = cursor.accept("-");
        Token base = cursor.next();
        if (base.kind() != Token.Kind.NUMBER || !base.text().matches("\\d{1,3}")) {
            // A subscript such as n in 90_n is not a base that can be computed with.
            throw new ParseFailure("symbolic-base");
        }
        if (bracketed) {
            cursor.expect(")");
        }
        if (braced) {
            cursor.expect("}");
        }
        return negative ? -Integer.parseInt(base.text()) : Integer.parseInt(base.text());
    }

    /** The exact value of a NUMBER token. */
    private static Rational value(String digits) {
        StepBudget unmetered = new StepBudget();
        int repeating = digits.indexOf('(');
        if (repeating >= 0) {
            String cycle = digits.substring(repeating + 1, digits.length() - 1);
            String fixed = digits.substring(0, repeating);
            int places = fixed.length() - fixed.indexOf('.') - 1;
            Rational shift = Rational.of(BigInteger.TEN.pow(places));
            Rational tail = Rational.of(
                    new BigInteger(cycle), BigInteger.TEN.pow(cycle.length()).subtract(BigInteger.ONE), unmetered);
            String whole = fixed.equals(".") ? "0" : fixed.replace(".", "");
            return Rational.of(new BigInteger(whole)).add(tail, unmetered).divide(shift, unmetered);
        }
        int exponentAt = Math.max(digits.indexOf('e'), digits.indexOf('E'));
        String mantissa = exponentAt < 0 ? digits : digits.substring(0, exponentAt);
        int exponent = exponentAt < 0 ? 0 : Integer.parseInt(digits.substring(exponentAt + 1));
        if (Math.abs(exponent) > 1_000) {
            throw new ParseFailure("too-many-digits");
        }
        int point = mantissa.indexOf('.');
        int places = point < 0 ? 0 : mantissa.length() - point - 1;
        Rational unscaled = Rational.of(new BigInteger(mantissa.replace(".", "")));
        int scale = exponent - places;
        Rational power = Rational.of(BigInteger.TEN.pow(Math.abs(scale)));
        return scale < 0 ? unscaled.divide(power, unmetered) : unscaled.multiply(power, unmetered);
    }
}
