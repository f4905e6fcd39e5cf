package io.sppostream.verify.math.number;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A polynomial with rational coefficients in a fixed list of unknowns.
 *
 * @param terms coefficients, none of them zero, by their exponents, one for each unknown
 */
public record Polynomial(Map<List<Integer>, Rational> terms) {
    private static final int MAX_TERMS = 400;
    private static final int MAX_DEGREE = 1_000;

    /** A constant polynomial in a number of unknowns. */
    public static Polynomial constant(Rational value, int unknowns) {
        return value.isZero() ? new Polynomial(Map.of()) : new Polynomial(Map.of(exponents(unknowns, -1), value));
    }

    /** The unknown of an index, as a polynomial. */
    public static Polynomial unknown(int index, int unknowns) {
        return new Polynomial(Map.of(exponents(unknowns, index), Rational.ONE));
    }

    private static List<Integer> exponents(int unknowns, int index) {
        List<Integer> exponents = new ArrayList<>();
        for (int i = 0; i < unknowns; i++) {
            exponents.add(i == index ? 1 : 0);
        }
        return List.copyOf(exponents);
    }

    public boolean isZero() {
        return terms.isEmpty();
    }

    public Polynomial negate() {
        Map<List<Integer>, Rational> negated = new HashMap<>();
        terms.forEach((exponents, value) -> negated.put(exponents, value.negate()));
        return new Polynomial(negated);
    }

    public Polynomial add(Polynomial other, StepBudget budget) {
        Map<List<Integer>, Rational> sum = new HashMap<>(terms);
        other.terms.forEach((exponents, value) -> accumulate(sum, exponents, value, budget));
        return limited(sum);
    }

    public Polynomial multiply(Polynomial other, StepBudget budget) {
        Map<List<Integer>, Rational> product = new HashMap<>();
        for (Map.Entry<List<Integer>, Rational> first : terms.entrySet()) {
            for (Map.Entry<List<Integer>, Rational> second : other.terms.entrySet()) {
                budget.spend(1);
                List<Integer> exponents = new ArrayList<>();
                for (int i = 0; i < first.getKey().size(); i++) {
                    int exponent = first.getKey().get(i) + second.getKey().get(i);
                    if (exponent > MAX_DEGREE) {
                        throw Undecided.unsupported("degree");
                    }
                    exponents.add(exponent);
                }
                accumulate(product, exponents, first.getValue().multiply(second.getValue(), budget), budget);
            }
        }
        return limited(product);
    }

    private static void accumulate(
            Map<List<Integer>, Rational> sum, List<Integer> exponents, Rational value, StepBudget budget) {
        Rational before = sum.get(exponents);
        Rational after = before == null ? value : before.add(value, budget);
        if (after.isZero()) {
            sum.remove(exponents);
        } else {
            sum.put(exponents, after);
        }
    }

    private static Polynomial limited(Map<List<Integer>, Rational> terms) {
        if (terms.size() > MAX_TERMS) {
            throw Undecided.unsupported("terms");
        }
        return new Polynomial(terms);
    }

    /** The constant c with {@code this = c other}, or null if there is none. Neither polynomial may be zero. */
    @Nullable
    public Rational ratio(Polynomial other, StepBudget budget) {
        if (!terms.keySet().equals(other.terms.keySet())) {
            return null;
        }
        Rational ratio = null;
        for (Map.Entry<List<Integer>, Rational> term : terms.entrySet()) {
            Rational quotient = term.getValue().divide(other.coefficient(term.getKey()), budget);
            if (ratio != null && !ratio.equals(quotient)) {
                return null;
            }
            ratio = quotient;
        }
        return ratio;
    }

    private Rational coefficient(List<Integer> exponents) {
        return terms.getOrDefault(exponents, Rational.ZERO);
    }
}
