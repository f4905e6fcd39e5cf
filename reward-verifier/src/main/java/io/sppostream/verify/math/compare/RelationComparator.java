package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.AnswerLabels;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.number.StepBudget;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares answers of which at least one is a relation: a labelled value, an equation, an inequality, a membership or a
 * congruence.
 */
final class RelationComparator {
    private final AnswerComparison answers;
    private final AnswerComparison sides;
    private final RealSetComparator realSets;
    private final ExpressionComparator expressions;
    private final Roundings roundings;

    /**
     * @param answers compares any two answers
     * @param sides compares two sides of relations
     * @param budget limits the work
     */
    RelationComparator(
            AnswerComparison answers,
            AnswerComparison sides,
            RealSetComparator realSets,
            ExpressionComparator expressions,
            StepBudget budget) {
        this.answers = answers;
        this.sides = sides;
        this.realSets = realSets;
        this.expressions = expressions;
        this.roundings = new Roundings(budget);
    }

    Decision compare(Answer reference, Answer answer) {
        Answer label = AnswerLabels.label(reference);
        Answer otherLabel = AnswerLabels.label(answer);
        boolean sameLabel = label != null && label.equals(otherLabel);
        boolean onlyReferenceLabelled = label != null && !(answer instanceof Relation);
        boolean onlyAnswerLabelled = otherLabel != null && !(reference instanceof Relation);
        if (sameLabel || onlyReferenceLabelled || onlyAnswerLabelled) {
            Decision chain = chainHolds(answer);
            return chain.isEqual() ? answers.compare(AnswerLabels.value(reference), AnswerLabels.value(answer)) : chain;
        }
        if (reference instanceof Relation first && answer instanceof Relation second) {
            Decision decision = equations(first, second);
            if (decision.isEqual()) {
                return decision;
            }
            return RealSets.isDescription(first) && RealSets.isDescription(second) && sameUnknowns(first, second)
                    ? realSets.compare(first, second)
                    : decision;
        }
        if (RealSets.isDescription(reference) && RealSets.isDescription(answer)) {
            return realSets.compare(reference, answer);
        }
        Answer expected = isRounded(reference) ? constantChain(reference) : reference;
        Answer number = constantChain(answer);
        if (expected != null && number != null && !(expected instanceof Relation)) {
            Decision chain = chainHolds(answer);
            return chain.isEqual() ? answers.compare(expected, number) : chain;
        }
        return Decision.different("relation");
    }

    /** Whether a chain ends in a rounded value, as {@code \frac{1}{3} \approx 0.33} does. */
    private static boolean isRounded(Answer answer) {
        return answer instanceof Relation relation && relation.relators().contains(Relator.APPROXIMATELY);
    }

    /**
     * Whether all values of a chain such as {@code x = 1/2 = 0.5} are equal, and those from the first approximation on
     * roughly so. If not, the answer contradicts itself.
     */
    private Decision chainHolds(Answer answer) {
        if (answer instanceof Relation relation && relation.relators().stream().allMatch(Relator::isEquality)) {
            int first = AnswerLabels.label(answer) == null ? 0 : 1;
            int firstRounded = relation.relators().indexOf(Relator.APPROXIMATELY);
            for (int i = first; i + 1 < relation.sides().size(); i++) {
                Answer side = relation.sides().get(i);
                Answer next = relation.sides().get(i + 1);
                Decision decision = firstRounded >= 0 && i >= firstRounded
                        ? Decision.of(roundings.areClose(side, next), "rounding")
                        : sides.compare(side, next);
                if (!decision.isEqual()) {
                    return decision.by("contradictory-chain");
                }
            }
        }
        return Decision.of(true, "chain");
    }

    /** The last exact number of a chain of numbers, such as {@code 2 + 3 = 5}, or a single value; null for any other answer. */
    private static @Nullable Answer constantChain(Answer answer) {
        if (!(answer instanceof Relation relation)) {
            return answer instanceof Value ? answer : null;
        }
        if (!relation.relators().stream().allMatch(Relator::isEquality)) {
            return null;
        }
        boolean constant = relation.sides().stream()
                .allMatch(side ->
                        side instanceof Value value && value.expr().variables().isEmpty());
        return constant ? AnswerLabels.lastExact(relation, 0) : null;
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

    /** Compares relations side by side, in either direction, and two-sided ones also up to a constant factor. */
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
            if (!sides.compare(reference.sides().get(i), answer.sides().get(i)).isEqual()) {
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
}
