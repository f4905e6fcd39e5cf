package io.sppostream.verify.math.answer;

import io.sppostream.verify.math.number.Rational;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** A mathematical expression. */
public sealed interface Expr {

    /** A rational number, written as an integer, a decimal or a repeating decimal. */
    record Num(Rational value) implements Expr {}

    /** A named unknown, such as {@code x}, {@code x_1} or {@code theta}. */
    record Sym(String name) implements Expr {}

    /** A named constant. */
    enum Constant implements Expr {
        PI,
        E,
        I,
        INFINITY
    }

    /** The sum of its terms. */
    record Sum(List<Expr> terms) implements Expr {}

    /** Minus its operand. */
    record Neg(Expr operand) implements Expr {}

    /** The product of its factors. */
    record Product(List<Expr> factors) implements Expr {}

    /** A fraction or division. */
    record Quotient(Expr numerator, Expr denominator) implements Expr {}

    /** A power. */
    record Power(Expr base, Expr exponent) implements Expr {}

    /** A root of a degree, 2 for the square root. */
    record Root(Expr degree, Expr radicand) implements Expr {}

    /** {@code n!}, or {@code n!!} with step 2. */
    record Factorial(Expr operand, int step) implements Expr {}

    /** A known function of its arguments. */
    record Call(Function function, List<Expr> arguments) implements Expr {}

    /** An unknown function of its arguments, such as {@code f(x)} or {@code a_{n+1}}. */
    record Apply(String name, List<Expr> arguments) implements Expr {}

    /** A sum over an index, or a product if {@code product}. */
    record Series(boolean product, String index, Expr from, Expr to, Expr body) implements Expr {}

    /** Plus or minus; minus or plus if {@code flipped}. All signs of an answer are chosen together. */
    record PlusMinus(boolean flipped, Expr operand) implements Expr {}

    /** Digits in a base, such as {@code 204_5}. */
    record InBase(String digits, int base) implements Expr {}

    /** A matrix, by rows of equal length. */
    record Matrix(List<List<Expr>> rows) implements Expr {}

    /** The functions that can be computed. BINOMIAL, GCD, LCM, MAX and MIN have several arguments, LOG an optional base. */
    enum Function {
        SIN,
        COS,
        TAN,
        COT,
        SEC,
        CSC,
        ASIN,
        ACOS,
        ATAN,
        SINH,
        COSH,
        TANH,
        EXP,
        LN,
        LOG,
        ABS,
        FLOOR,
        CEILING,
        BINOMIAL,
        GCD,
        LCM,
        MAX,
        MIN,
        DEGREES
    }

    /** An integer. */
    static Expr number(long value) {
        return new Num(Rational.of(value));
    }

    /** The direct parts of this expression. */
    default List<Expr> children() {
        if (this instanceof Sum sum) {
            return sum.terms();
        } else if (this instanceof Neg neg) {
            return List.of(neg.operand());
        } else if (this instanceof Product product) {
            return product.factors();
        } else if (this instanceof Quotient quotient) {
            return List.of(quotient.numerator(), quotient.denominator());
        } else if (this instanceof Power power) {
            return List.of(power.base(), power.exponent());
        } else if (this instanceof Root root) {
            return List.of(root.degree(), root.radicand());
        } else if (this instanceof Factorial factorial) {
            return List.of(factorial.operand());
        } else if (this instanceof Call call) {
            return call.arguments();
        } else if (this instanceof Apply apply) {
            return apply.arguments();
        } else if (this instanceof Series series) {
            return List.of(series.from(), series.to(), series.body());
        } else if (this instanceof PlusMinus choice) {
            return List.of(choice.operand());
        } else if (this instanceof Matrix matrix) {
            return matrix.rows().stream().flatMap(List::stream).toList();
        }
        return List.of();
    }

    /** This expression with every direct part replaced by its image. */
    default Expr mapChildren(UnaryOperator<Expr> image) {
        if (this instanceof Sum sum) {
            return new Sum(map(sum.terms(), image));
        } else if (this instanceof Neg neg) {
            return new Neg(image.apply(neg.operand()));
        } else if (this instanceof Product product) {
            return new Product(map(product.factors(), image));
        } else if (this instanceof Quotient quotient) {
            return new Quotient(image.apply(quotient.numerator()), image.apply(quotient.denominator()));
        } else if (this instanceof Power power) {
            return new Power(image.apply(power.base()), image.apply(power.exponent()));
        } else if (this instanceof Root root) {
            return new Root(image.apply(root.degree()), image.apply(root.radicand()));
        } else if (this instanceof Factorial factorial) {
            return new Factorial(image.apply(factorial.operand()), factorial.step());
        } else if (this instanceof Call call) {
            return new Call(call.function(), map(call.arguments(), image));
        } else if (this instanceof Apply apply) {
            return new Apply(apply.name(), map(apply.arguments(), image));
        } else if (this instanceof Series series) {
            return new Series(
                    series.product(),
                    series.index(),
                    image.apply(series.from()),
                    image.apply(series.to()),
                    image.apply(series.body()));
        } else if (this instanceof PlusMinus choice) {
            return new PlusMinus(choice.flipped(), image.apply(choice.operand()));
        } else if (this instanceof Matrix matrix) {
            return new Matrix(matrix.rows().stream().map(row -> map(row, image)).toList());
        }
        return this;
    }

    private static List<Expr> map(List<Expr> parts, UnaryOperator<Expr> image) {
        return parts.stream().map(image).toList();
    }

    /** Whether this expression or any part of it passes the test. */
    default boolean contains(Predicate<Expr> test) {
        return test.test(this) || children().stream().anyMatch(child -> child.contains(test));
    }

    /** The unknowns of this expression, without indices bound by a sum or product. */
    default Set<String> variables() {
        Set<String> names = new TreeSet<>();
        collectVariables(this, names);
        return names;
    }

    private static void collectVariables(Expr expr, Set<String> names) {
        if (expr instanceof Sym sym) {
            names.add(sym.name());
        } else if (expr instanceof Series series) {
            Set<String> inBody = series.body().variables();
            inBody.remove(series.index());
            names.addAll(inBody);
            collectVariables(series.from(), names);
            collectVariables(series.to(), names);
        } else {
            expr.children().forEach(child -> collectVariables(child, names));
        }
    }

    /** The two values of an expression with plus-or-minus signs, otherwise the expression itself. */
    default List<Expr> signChoices() {
        return contains(part -> part instanceof PlusMinus)
                ? List.of(chooseSigns(this, false), chooseSigns(this, true))
                : List.of(this);
    }

    private static Expr chooseSigns(Expr expr, boolean lower) {
        Expr chosen = expr.mapChildren(child -> chooseSigns(child, lower));
        if (chosen instanceof PlusMinus choice) {
            return choice.flipped() != lower ? new Neg(choice.operand()) : choice.operand();
        }
        return chosen;
    }

    /** The first expression minus the second. */
    static Expr difference(Expr first, Expr second) {
        List<Expr> terms = new ArrayList<>();
        terms.add(first);
        terms.add(new Neg(second));
        return new Sum(List.copyOf(terms));
    }
}
