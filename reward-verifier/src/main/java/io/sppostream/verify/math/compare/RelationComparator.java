package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.AnswerLabels;
import io.sppostream.verify.math.answer.Expr;
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

    /**
     * @param answers compares any two answers
     * @param sides compares two sides of relations
     */
    RelationComparator(
            AnswerComparison answers,
            AnswerComparison sides,
            RealSetComparator realSets,
            ExpressionComparator expressions) {
        this.answers = answers;
        this.sides = sides;
        this.realSets = realSets;
        this.expressions = expressions;
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
            List<Answer> parts = RealSets.parts(first);
            return parts != null && RealSets.parts(second) != null && sameUnknowns(first, second)
                    ? realSets.compare(first, second)
                    : decision;
        }
        if (RealSets.parts(reference) != null && RealSets.parts(answer) != null) {
            return realSets.compare(reference, answer);
        }
        Value number = constantChain(answer);
        if (number != null && !(reference instanceof Relation)) {
            Decision chain = chainHolds(answer);
            return chain.isEqual() ? answers.compare(reference, number) : chain;
        }
        return Decision.different("relation");
    }

    /** Whether all values of a chain such as {@code x = 1/2 = 0.5} are equal. If not, the answer contradicts itself. */
    private Decision chainHolds(Answer answer) {
        if (answer instanceof Relation relation
                && relation.relators().stream().allMatch(relator -> relator == Relator.EQUAL)) {
            int first = AnswerLabels.label(answer) == null ? 0 : 1;
            for (int i = first; i + 1 < relation.sides().size(); i++) {
                Decision decision =
                        sides.compare(relation.sides().get(i), relation.sides().get(i + 1));
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
