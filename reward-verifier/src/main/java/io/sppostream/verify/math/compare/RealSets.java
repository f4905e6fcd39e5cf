package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Interval;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads the notations of sets of reals: intervals, their unions, and inequalities in one unknown. */
final class RealSets {
    private static final Expr INFINITE = Constant.INFINITY;
    private static final Expr MINUS_INFINITE = new Expr.Neg(Constant.INFINITY);

    /** The whole line. */
    static final Interval ALL_REALS = new Interval(MINUS_INFINITE, false, INFINITE, false);

    private RealSets() {}

    /** Whether an answer can only be a set of reals. */
    static boolean isRealSet(Answer answer) {
        return answer instanceof Interval
                || answer instanceof Answer.Union
                || answer instanceof Answer.Difference
                || isInequality(answer);
    }

    /** Whether an answer describes a set of reals: one with {@link #parts}, or a difference of sets. */
    static boolean isDescription(Answer answer) {
        return difference(answer) != null || parts(answer) != null;
    }

    /** The difference of sets that an answer is, or that its unknown is in; null if there is none. */
    static Answer.@Nullable Difference difference(Answer answer) {
        if (answer instanceof Relation relation && relation.relators().equals(List.of(Relator.MEMBER))) {
            return difference(relation.sides().get(1));
        }
        return answer instanceof Answer.Difference difference ? difference : null;
    }

    /** Whether an answer is the set of all real numbers. */
    static boolean isAllReals(Answer answer) {
        return answer.equals(Answer.Value.of(new Expr.Sym("mathbb R")))
                || answer.equals(Answer.Value.of(new Expr.Sym("mathbf R")));
    }

    /**
     * The values that a list excludes after its first item, as in {@code x \in \mathbb{R}, x \ne 2} and {@code x \ne 1,
     * x \ne 2}; null if it is another list.
     */
    static @Nullable List<Answer> excluded(List<Answer> items) {
        if (items.size() < 2 || !(items.get(0) instanceof Relation first)) {
            return null;
        }
        List<Answer> excluded = new ArrayList<>();
        for (Answer item : items.subList(1, items.size())) {
            if (!(item instanceof Relation relation)
                    || !relation.relators().equals(List.of(Relator.UNEQUAL))
                    || !unknowns(relation.sides().get(0)).equals(unknown(first))) {
                return null;
            }
            excluded.add(relation.sides().get(1));
        }
        return excluded;
    }

    /** The unknowns of a relation, without the names of sets. */
    private static Set<String> unknown(Relation relation) {
        Set<String> names = new TreeSet<>();
        relation.sides().forEach(side -> names.addAll(unknowns(side)));
        names.removeIf(name -> name.startsWith("math"));
        return names;
    }

    private static Set<String> unknowns(Answer side) {
        return side instanceof Answer.Value value ? value.expr().variables() : Set.of();
    }

    private static boolean isInequality(Answer answer) {
        return answer instanceof Relation relation
                && relation.relators().stream().allMatch(relator -> relator.isOrder() || relator == Relator.UNEQUAL);
    }

    /** The intervals and single values of a set of reals, or null if the answer is not one. */
    static @Nullable List<Answer> parts(Answer answer) {
        if (answer instanceof Interval) {
            return List.of(answer);
        } else if (answer instanceof Answer.Union union) {
            return allParts(union.parts());
        } else if (answer instanceof Relation relation) {
            return relation.relators().equals(List.of(Relator.MEMBER))
                    ? parts(relation.sides().get(1))
                    : ofInequality(relation);
        } else if (answer instanceof Sequence sequence) {
            return switch (sequence.kind()) {
                case TUPLE -> openInterval(sequence.items());
                case SET -> sequence.items();
                case LIST -> allParts(sequence.items());
            };
        }
        return isAllReals(answer) ? List.of(ALL_REALS) : null;
    }

    /** The index of the side of an inequality between the unknown and a bound that is the bound. */
    static int boundSide(Relation relation) {
        return relation.sides().get(0) instanceof Answer.Value first && first.expr() instanceof Expr.Sym ? 1 : 0;
    }

    private static @Nullable List<Answer> allParts(List<Answer> answers) {
        List<Answer> all = new ArrayList<>();
        for (Answer answer : answers) {
            List<Answer> parts = answer instanceof Answer.Value && !isAllReals(answer) ? null : parts(answer);
            if (parts == null) {
                return null;
            }
            all.addAll(parts);
        }
        return List.copyOf(all);
    }

    private static @Nullable List<Answer> openInterval(List<Answer> items) {
        return items.size() == 2
                        && items.get(0) instanceof Answer.Value low
                        && items.get(1) instanceof Answer.Value high
                ? List.of(new Interval(low.expr(), false, high.expr(), false))
                : null;
    }

    private static @Nullable List<Answer> ofInequality(Relation relation) {
        List<Expr> sides = new ArrayList<>();
        for (Answer side : relation.sides()) {
            if (!(side instanceof Answer.Value value)) {
                return null;
            }
            sides.add(value.expr());
        }
        List<Relator> relators = relation.relators();
        if (relators.size() == 1) {
            boolean unknownFirst = sides.get(0) instanceof Expr.Sym && !(sides.get(1) instanceof Expr.Sym);
            if (!unknownFirst && !(sides.get(1) instanceof Expr.Sym)) {
                return null;
            }
            return oneSided(
                    unknownFirst ? relators.get(0) : relators.get(0).flipped(), sides.get(unknownFirst ? 1 : 0));
        }
        if (relators.size() == 2 && sides.get(1) instanceof Expr.Sym) {
            return twoSided(sides.get(0), relators.get(0), relators.get(1), sides.get(2));
        }
        return null;
    }

    /** The solutions of an inequality between the unknown, on the left, and a bound. */
    private static @Nullable List<Answer> oneSided(Relator relator, Expr bound) {
        return switch (relator) {
            case LESS -> List.of(new Interval(MINUS_INFINITE, false, bound, false));
            case AT_MOST -> List.of(new Interval(MINUS_INFINITE, false, bound, true));
            case GREATER -> List.of(new Interval(bound, false, INFINITE, false));
            case AT_LEAST -> List.of(new Interval(bound, true, INFINITE, false));
            case UNEQUAL ->
                List.of(new Interval(MINUS_INFINITE, false, bound, false), new Interval(bound, false, INFINITE, false));
            default -> null;
        };
    }

    private static @Nullable List<Answer> twoSided(Expr first, Relator before, Relator after, Expr last) {
        boolean rising = (before == Relator.LESS || before == Relator.AT_MOST)
                && (after == Relator.LESS || after == Relator.AT_MOST);
        boolean falling = (before == Relator.GREATER || before == Relator.AT_LEAST)
                && (after == Relator.GREATER || after == Relator.AT_LEAST);
        if (rising) {
            return List.of(new Interval(first, before == Relator.AT_MOST, last, after == Relator.AT_MOST));
        }
        return falling
                ? List.of(new Interval(last, after == Relator.AT_LEAST, first, before == Relator.AT_LEAST))
                : null;
    }
}
