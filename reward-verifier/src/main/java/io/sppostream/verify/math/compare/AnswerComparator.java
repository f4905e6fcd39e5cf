package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Interval;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Answer.Sequence.Kind;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.AnswerLabels;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares an answer with a reference; the reference's type decides how. Different types are different answers, but for
 * a few bridges: a labelled value and the value, inequalities and intervals, plus-or-minus and a set of two, a list and a
 * set.
 */
public final class AnswerComparator {
    private final ExpressionComparator expressions;
    private final StepBudget budget;

    public AnswerComparator(StepBudget budget) {
        this.budget = budget;
        this.expressions = new ExpressionComparator(budget);
    }

    public Decision compare(Answer reference, Answer answer) {
        budget.spend(1);
        if (reference.equals(answer) && !(reference instanceof Value)) {
            return Decision.of(true, "identical");
        }
        if (reference instanceof Relation || answer instanceof Relation) {
            return relations(reference, answer);
        }
        return unlabelled(reference, answer);
    }

    private Decision unlabelled(Answer reference, Answer answer) {
        Answer first = expanded(reference);
        Answer second = expanded(answer);
        if (first instanceof Answer.Text || second instanceof Answer.Text) {
            return texts(first, second);
        }
        if (RealSets.isRealSet(first)
                || RealSets.isRealSet(second)
                || holdsInequality(first)
                || holdsInequality(second)) {
            return realSets(first, second);
        }
        if (first instanceof Sequence || second instanceof Sequence) {
            return sequences(first, second);
        }
        if (first instanceof Answer.Ratio ratio) {
            return second instanceof Answer.Ratio other ? ratios(ratio, other) : Decision.different("type");
        }
        return first instanceof Value value && second instanceof Value other
                ? values(value, other)
                : Decision.different("type");
    }

    /** A value with a plus-or-minus sign is a list of two; so are the items of a list that have one. */
    private static Answer expanded(Answer answer) {
        if (answer instanceof Value value) {
            List<Expr> choices = value.expr().signChoices();
            return choices.size() == 1 ? answer : new Sequence(Kind.LIST, choices(value, choices));
        }
        if (answer instanceof Sequence sequence && sequence.kind() != Kind.TUPLE) {
            List<Answer> items = new ArrayList<>();
            for (Answer item : sequence.items()) {
                Answer bare = AnswerLabels.value(item);
                List<Expr> choices = bare instanceof Value value ? value.expr().signChoices() : List.of();
                if (choices.size() == 2 && bare instanceof Value value) {
                    items.addAll(choices(value, choices));
                } else {
                    items.add(item);
                }
            }
            return new Sequence(sequence.kind(), List.copyOf(items));
        }
        return answer;
    }

    private static List<Answer> choices(Value value, List<Expr> choices) {
        return choices.stream()
                .<Answer>map(choice -> new Value(choice, value.unit(), value.percent()))
                .toList();
    }

    // ---- relations ----

    private Decision relations(Answer reference, Answer answer) {
        Answer label = AnswerLabels.label(reference);
        Answer otherLabel = AnswerLabels.label(answer);
        boolean sameLabel = label != null && label.equals(otherLabel);
        boolean onlyReferenceLabelled = label != null && !(answer instanceof Relation);
        boolean onlyAnswerLabelled = otherLabel != null && !(reference instanceof Relation);
        if (sameLabel || onlyReferenceLabelled || onlyAnswerLabelled) {
            Decision chain = chainHolds(answer);
            return chain.isEqual() ? compare(AnswerLabels.value(reference), AnswerLabels.value(answer)) : chain;
        }
        if (reference instanceof Relation first && answer instanceof Relation second) {
            Decision decision = equations(first, second);
            if (decision.isEqual()) {
                return decision;
            }
            List<Answer> parts = RealSets.parts(first);
            return parts != null && RealSets.parts(second) != null && sameUnknowns(first, second)
                    ? realSets(first, second)
                    : decision;
        }
        if (RealSets.parts(reference) != null && RealSets.parts(answer) != null) {
            return realSets(reference, answer);
        }
        Value number = constantChain(answer);
        if (number != null && !(reference instanceof Relation)) {
            Decision chain = chainHolds(answer);
            return chain.isEqual() ? compare(reference, number) : chain;
        }
        return Decision.different("relation");
    }

    /** In {@code x = 1/2 = 0.5} every value must be the same, or the answer contradicts itself. */
    private Decision chainHolds(Answer answer) {
        if (answer instanceof Relation relation
                && relation.relators().stream().allMatch(relator -> relator == Relator.EQUAL)) {
            int first = AnswerLabels.label(answer) == null ? 0 : 1;
            for (int i = first; i + 1 < relation.sides().size(); i++) {
                Decision decision =
                        unlabelled(relation.sides().get(i), relation.sides().get(i + 1));
                if (!decision.isEqual()) {
                    return decision.by("contradictory-chain");
                }
            }
        }
        return Decision.of(true, "chain");
    }

    /** The last number of a chain of equal numbers, such as {@code 2 + 3 = 5}; null for any other relation. */
    private static @Nullable Value constantChain(Answer answer) {
        if (!(answer instanceof Relation relation)
                || !relation.relators().stream().allMatch(relator -> relator == Relator.EQUAL)) {
            return null;
        }
        boolean constant = relation.sides().stream()
                .allMatch(side ->
                        side instanceof Value value && value.expr().variables().isEmpty());
        return constant && relation.sides().get(relation.sides().size() - 1) instanceof Value last ? last : null;
    }

    private static boolean sameUnknowns(Relation first, Relation second) {
        return unknowns(first).equals(unknowns(second));
    }

    private static Set<String> unknowns(Relation relation) {
        Set<String> names = new LinkedHashSet<>();
        for (Answer side : relation.sides()) {
            if (side instanceof Value value) {
                names.addAll(value.expr().variables());
            }
        }
        return names;
    }

    /** Relations of one shape: side by side in either direction, and two-sided ones up to a constant factor. */
    private Decision equations(Relation reference, Relation answer) {
        if (reference.sides().size() != answer.sides().size()) {
            return Decision.different("relation");
        }
        if (sameSides(reference, answer) || sameSides(reference, reversed(answer))) {
            return Decision.of(true, "relation");
        }
        if (reference.sides().size() != 2
                || !(reference.sides().get(0) instanceof Value left)
                || !(reference.sides().get(1) instanceof Value right)
                || !(answer.sides().get(0) instanceof Value otherLeft)
                || !(answer.sides().get(1) instanceof Value otherRight)
                || reference.relators().get(0) == Relator.MEMBER
                || reference.relators().get(0) == Relator.DIVIDES
                || reference.relators().get(0) == Relator.CONGRUENT) {
            return Decision.different("relation");
        }
        Relator relator = reference.relators().get(0);
        int factor = expressions.proportion(
                Expr.difference(left.expr(), right.expr()), Expr.difference(otherLeft.expr(), otherRight.expr()));
        Relator other = factor < 0
                ? answer.relators().get(0).flipped()
                : answer.relators().get(0);
        return Decision.of(factor != 0 && relator == other, "equation-up-to-a-factor");
    }

    private boolean sameSides(Relation reference, Relation answer) {
        if (!reference.relators().equals(answer.relators())) {
            return false;
        }
        for (int i = 0; i < reference.sides().size(); i++) {
            if (!unlabelled(reference.sides().get(i), answer.sides().get(i)).isEqual()) {
                return false;
            }
        }
        return true;
    }

    private static Relation reversed(Relation relation) {
        List<Answer> sides = new ArrayList<>();
        List<Relator> relators = new ArrayList<>();
        for (int i = relation.sides().size() - 1; i >= 0; i--) {
            sides.add(relation.sides().get(i));
            if (i > 0) {
                relators.add(relation.relators().get(i - 1).flipped());
            }
        }
        return new Relation(List.copyOf(sides), List.copyOf(relators));
    }

    // ---- sets of reals ----

    private static boolean holdsInequality(Answer answer) {
        return answer instanceof Sequence sequence && sequence.items().stream().anyMatch(RealSets::isRealSet);
    }

    private Decision realSets(Answer reference, Answer answer) {
        List<Answer> parts = RealSets.parts(reference);
        List<Answer> others = RealSets.parts(answer);
        if (parts != null && others != null) {
            return unordered(parts, others, this::part, "interval");
        }
        return reference instanceof Sequence first && answer instanceof Sequence second
                ? unordered(first.items(), second.items(), this::compare, "list")
                : Decision.different("interval");
    }

    private Decision part(Answer reference, Answer answer) {
        if (reference instanceof Interval first && answer instanceof Interval second) {
            if (first.lowClosed() != second.lowClosed() || first.highClosed() != second.highClosed()) {
                return Decision.different("interval-ends");
            }
            Decision low = end(first.low(), second.low());
            return low.isEqual() ? end(first.high(), second.high()) : low;
        }
        return reference instanceof Interval || answer instanceof Interval
                ? Decision.different("interval")
                : compare(reference, answer);
    }

    private Decision end(Expr reference, Expr answer) {
        boolean infinite = isInfinite(reference);
        return infinite || isInfinite(answer)
                ? Decision.of(reference.equals(answer), "infinite-end")
                : expressions.compare(reference, answer);
    }

    private static boolean isInfinite(Expr expr) {
        return expr.contains(part -> part == Constant.INFINITY);
    }

    // ---- lists, sets and tuples ----

    private Decision sequences(Answer reference, Answer answer) {
        boolean tuple = reference instanceof Sequence sequence && sequence.kind() == Kind.TUPLE;
        boolean otherTuple = answer instanceof Sequence sequence && sequence.kind() == Kind.TUPLE;
        List<Answer> items = items(reference);
        List<Answer> others = items(answer);
        if (tuple && otherTuple) {
            return ordered(items, others, "tuple");
        }
        if ((tuple && !(answer instanceof Sequence)) || (otherTuple && !(reference instanceof Sequence))) {
            return Decision.different("type");
        }
        boolean labelled = distinctLabels(items);
        boolean otherLabelled = distinctLabels(others);
        if (labelled && otherLabelled) {
            return unordered(items, others, this::compare, "labelled-list");
        }
        if (labelled || otherLabelled) {
            return ordered(values(items), values(others), "labelled-list");
        }
        // A single tuple is a list of one tuple, never a list of its parts.
        return unordered(
                tuple ? List.of(reference) : values(items),
                otherTuple ? List.of(answer) : values(others),
                this::compare,
                "set");
    }

    private static List<Answer> items(Answer answer) {
        return answer instanceof Sequence sequence ? sequence.items() : List.of(answer);
    }

    /** Whether every item has a label of its own, so that the order of a bare list of the values matters. */
    private static boolean distinctLabels(List<Answer> items) {
        Set<Answer> labels = new LinkedHashSet<>();
        for (Answer item : items) {
            Answer label = AnswerLabels.label(item);
            if (label == null || !labels.add(label)) {
                return false;
            }
        }
        return items.size() > 1;
    }

    private static List<Answer> values(List<Answer> items) {
        return items.stream().map(AnswerLabels::value).toList();
    }

    private Decision ordered(List<Answer> reference, List<Answer> answer, String rule) {
        if (reference.size() != answer.size()) {
            return Decision.different(rule + "-size");
        }
        for (int i = 0; i < reference.size(); i++) {
            Decision decision = compare(reference.get(i), answer.get(i));
            if (!decision.isEqual()) {
                return decision.by(rule);
            }
        }
        return Decision.of(true, rule);
    }

    private interface Comparison {
        Decision compare(Answer reference, Answer answer);
    }

    /** Each item matched with one of the others; as being equal is transitive, taking the first match never hurts. */
    private static Decision unordered(List<Answer> reference, List<Answer> answer, Comparison comparison, String rule) {
        boolean repeats = Set.copyOf(reference).size() < reference.size();
        // Naming an element of a set twice adds nothing; where the reference repeats one, the repetition counts.
        List<Answer> left = new ArrayList<>(repeats ? answer : new LinkedHashSet<>(answer));
        if (reference.size() != left.size()) {
            return Decision.different(rule + "-size");
        }
        for (Answer item : reference) {
            Decision undecided = null;
            boolean matched = false;
            for (int i = 0; i < left.size() && !matched; i++) {
                Decision decision = comparison.compare(item, left.get(i));
                matched = decision.isEqual();
                if (matched) {
                    left.remove(i);
                } else if (decision.outcome() != Decision.Outcome.DIFFERENT) {
                    undecided = decision;
                }
            }
            if (!matched) {
                return undecided != null ? undecided : Decision.different(rule);
            }
        }
        return Decision.of(true, rule);
    }

    // ---- values ----

    private Decision values(Value reference, Value answer) {
        if (!unitsAgree(reference.unit(), answer.unit())) {
            return Decision.different("unit");
        }
        if (isInBase(reference.expr()) || isInBase(answer.expr())) {
            return Decision.of(reference.expr().equals(answer.expr()), "base");
        }
        if (reference.percent() || answer.percent()) {
            return percents(reference, answer);
        }
        if (MatrixArithmetic.isMatrix(reference.expr()) || MatrixArithmetic.isMatrix(answer.expr())) {
            return matrices(reference.expr(), answer.expr());
        }
        Expr first = withoutDegrees(reference);
        Expr second = withoutDegrees(answer);
        boolean degrees = first != reference.expr() || second != answer.expr();
        // Degrees on one side only are a unit left out; on both sides they cancel.
        if (degrees && isPlainNumber(first) && isPlainNumber(second)) {
            return expressions.compare(first, second);
        }
        return expressions.compare(reference.expr(), answer.expr());
    }

    private static boolean unitsAgree(@Nullable String reference, @Nullable String answer) {
        return reference == null
                || answer == null
                || reference.isEmpty()
                || answer.isEmpty()
                || Objects.equals(reference, answer);
    }

    private static boolean isInBase(Expr expr) {
        return expr instanceof Expr.InBase || (expr instanceof Expr.Neg neg && neg.operand() instanceof Expr.InBase);
    }

    private static Expr withoutDegrees(Value value) {
        return value.expr() instanceof Expr.Call call && call.function() == Expr.Function.DEGREES
                ? call.arguments().get(0)
                : value.expr();
    }

    private static boolean isPlainNumber(Expr expr) {
        return expr.variables().isEmpty() && !expr.contains(part -> part == Constant.PI);
    }

    /** p% is p/100; a bare p is p% only where the reference says percent. */
    private Decision percents(Value reference, Value answer) {
        if (reference.percent() && !answer.percent()) {
            Decision bare = expressions.compare(reference.expr(), answer.expr());
            if (bare.isEqual()) {
                return bare.by("percent-sign-left-out");
            }
        }
        return expressions.compare(fraction(reference), fraction(answer)).by("percent");
    }

    private static Expr fraction(Value value) {
        return value.percent() ? new Expr.Quotient(value.expr(), Expr.number(100)) : value.expr();
    }

    private Decision matrices(Expr reference, Expr answer) {
        try {
            Expr.Matrix first = MatrixArithmetic.evaluate(reference);
            Expr.Matrix second = MatrixArithmetic.evaluate(answer);
            if (first.rows().size() != second.rows().size()) {
                return Decision.different("matrix-shape");
            }
            for (int i = 0; i < first.rows().size(); i++) {
                Decision row = expressions.compareAll(
                        first.rows().get(i), second.rows().get(i), "matrix");
                if (!row.isEqual()) {
                    return row;
                }
            }
            return Decision.of(true, "matrix");
        } catch (Undecided noMatrix) {
            return noMatrix.reason() == Undecided.Reason.BUDGET ? Decision.of(noMatrix) : Decision.different("type");
        }
    }

    // ---- ratios and words ----

    /** Ratios are equal up to a factor, but times of day are not: 3:30 is not 1:10. */
    private Decision ratios(Answer.Ratio reference, Answer.Ratio answer) {
        if (!unitsAgree(reference.unit(), answer.unit())) {
            return Decision.different("unit");
        }
        Decision literal = expressions.compareAll(reference.parts(), answer.parts(), "ratio");
        if (literal.isEqual()
                || reference.parts().size() != answer.parts().size()
                || (isTime(reference) && isTime(answer))) {
            return literal;
        }
        List<Expr> products = new ArrayList<>();
        List<Expr> others = new ArrayList<>();
        for (int i = 1; i < reference.parts().size(); i++) {
            products.add(new Expr.Product(
                    List.of(reference.parts().get(i), answer.parts().get(0))));
            others.add(new Expr.Product(
                    List.of(reference.parts().get(0), answer.parts().get(i))));
        }
        return hasZero(reference) || hasZero(answer) ? literal : expressions.compareAll(products, others, "ratio");
    }

    private static boolean hasZero(Answer.Ratio ratio) {
        return ratio.parts().stream()
                .anyMatch(part -> part instanceof Expr.Num num && num.value().isZero());
    }

    private static boolean isTime(Answer.Ratio ratio) {
        return ratio.parts().size() == 2
                && ratio.parts().get(0) instanceof Expr.Num hour
                && ratio.parts().get(1) instanceof Expr.Num minute
                && hour.value().isSmallInteger()
                && minute.value().isSmallInteger()
                && hour.value().intValueExact() < 24
                && minute.value().intValueExact() >= 10
                && minute.value().intValueExact() < 60;
    }

    private static Decision texts(Answer reference, Answer answer) {
        String words = words(reference);
        return Decision.of(words != null && words.equals(words(answer)), "text");
    }

    /** The words of an answer, letters that were read as a product included; null where it is not words. */
    private static @Nullable String words(Answer answer) {
        if (answer instanceof Answer.Text text) {
            return text.text().replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
        }
        return answer instanceof Value value && value.unit() == null && !value.percent() ? letters(value.expr()) : null;
    }

    private static @Nullable String letters(Expr expr) {
        if (expr instanceof Expr.Sym sym) {
            return sym.name().toLowerCase(Locale.ROOT);
        } else if (expr == Constant.E || expr == Constant.I) {
            return expr == Constant.E ? "e" : "i";
        } else if (expr instanceof Expr.Product product) {
            StringBuilder word = new StringBuilder();
            for (Expr factor : product.factors()) {
                String part = letters(factor);
                if (part == null) {
                    return null;
                }
                word.append(part);
            }
            return word.toString();
        }
        return null;
    }
}
