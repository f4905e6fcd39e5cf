package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Interval;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.number.Undecided;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings sets of reals into one form: disjoint parts in ascending order, of which no two adjoin. So {@code (1,2) \cup
 * [2,3)} is {@code (1,3)}, and {@code \mathbb{R} \setminus \{2\}} is {@code (-\infty,2) \cup (2,\infty)}. A set with an end
 * that cannot be ordered, such as an unknown, or with an empty part is left as it is written.
 */
final class RealLine {
    private final ExpressionComparator expressions;

    RealLine(ExpressionComparator expressions) {
        this.expressions = expressions;
    }

    /** The intervals and single values of a set of reals, or null if the answer is not one. */
    @Nullable
    List<Answer> parts(Answer answer) {
        try {
            List<Interval> intervals = intervals(answer);
            if (intervals != null) {
                return intervals.stream().map(RealLine::pointOrInterval).toList();
            }
        } catch (Undecided unordered) {
            if (unordered.reason() == Undecided.Reason.BUDGET) {
                throw unordered;
            }
        }
        return RealSets.parts(answer);
    }

    private static Answer pointOrInterval(Interval interval) {
        return isPoint(interval) ? Value.of(interval.low()) : interval;
    }

    private static boolean isPoint(Interval interval) {
        return interval.lowClosed() && interval.highClosed() && interval.low().equals(interval.high());
    }

    /** The canonical intervals of a set; a single value is an interval of one point. Null if it has no canonical form. */
    private @Nullable List<Interval> intervals(Answer answer) {
        if (answer instanceof Answer.Difference difference) {
            return minus(intervals(difference.from()), removed(difference.removed()));
        }
        if (answer instanceof Answer.Union union) {
            List<Interval> all = new ArrayList<>();
            for (Answer part : union.parts()) {
                List<Interval> intervals = intervals(part);
                if (intervals == null) {
                    return null;
                }
                all.addAll(intervals);
            }
            return merged(all);
        }
        if (answer instanceof Relation relation && relation.relators().equals(List.of(Relator.MEMBER))) {
            return intervals(relation.sides().get(1));
        }
        if (answer instanceof Relation relation
                && relation.relators().equals(List.of(Relator.UNEQUAL))
                && RealSets.parts(answer) != null) {
            // x \ne \pm 2 excludes two values.
            return minus(
                    List.of(RealSets.ALL_REALS), points(List.of(relation.sides().get(RealSets.boundSide(relation)))));
        }
        if (answer instanceof Sequence sequence && sequence.kind() == Sequence.Kind.LIST) {
            // The items of other lists are alternatives or conditions; nothing says which.
            Answer first = sequence.items().get(0);
            List<Answer> excluded = RealSets.excluded(sequence.items());
            return excluded == null ? null : minus(intervals(first), points(excluded));
        }
        List<Answer> parts = RealSets.parts(answer);
        List<Interval> intervals = parts == null ? null : points(parts);
        return intervals == null ? null : merged(intervals);
    }

    private @Nullable List<Interval> removed(Answer answer) {
        return answer instanceof Value value && !RealSets.isAllReals(value)
                ? points(List.of(value))
                : intervals(answer);
    }

    /** Intervals as they are, and values as intervals of one point; null if one is neither. */
    private static @Nullable List<Interval> points(List<Answer> parts) {
        List<Interval> intervals = new ArrayList<>();
        for (Answer part : parts) {
            if (part instanceof Interval interval) {
                intervals.add(interval);
            } else if (part instanceof Value value && value.unit() == null && !value.percent()) {
                value.expr().signChoices().forEach(choice -> intervals.add(new Interval(choice, true, choice, true)));
            } else {
                return null;
            }
        }
        return intervals;
    }

    private List<Interval> merged(List<Interval> intervals) {
        List<Interval> ascending = new ArrayList<>(intervals);
        for (Interval interval : ascending) {
            if (isEmpty(interval)) {
                throw Undecided.unsupported("empty interval");
            }
        }
        ascending.sort((first, second) -> order(first.low(), second.low()));
        List<Interval> merged = new ArrayList<>();
        for (Interval next : ascending) {
            Interval last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (last != null && adjoin(last, next)) {
                merged.set(merged.size() - 1, hull(last, next));
            } else {
                merged.add(next);
            }
        }
        return merged;
    }

    private boolean isEmpty(Interval interval) {
        int order = order(interval.low(), interval.high());
        return order > 0 || (order == 0 && !(interval.lowClosed() && interval.highClosed()));
    }

    /** Whether nothing lies between two intervals, of which the second does not begin before the first. */
    private boolean adjoin(Interval first, Interval second) {
        int order = order(second.low(), first.high());
        return order < 0 || (order == 0 && (first.highClosed() || second.lowClosed()));
    }

    private Interval hull(Interval first, Interval second) {
        boolean sameLow = order(first.low(), second.low()) == 0;
        int highs = order(first.high(), second.high());
        return new Interval(
                first.low(),
                first.lowClosed() || (sameLow && second.lowClosed()),
                highs >= 0 ? first.high() : second.high(),
                (highs >= 0 && first.highClosed()) || (highs <= 0 && second.highClosed()));
    }

    private @Nullable List<Interval> minus(@Nullable List<Interval> from, @Nullable List<Interval> removed) {
        if (from == null || removed == null) {
            return null;
        }
        List<Interval> left = from;
        for (Interval hole : merged(removed)) {
            List<Interval> next = new ArrayList<>();
            for (Interval interval : left) {
                addUnlessEmpty(next, below(interval, hole.low(), !hole.lowClosed()));
                addUnlessEmpty(next, above(interval, hole.high(), !hole.highClosed()));
            }
            left = next;
        }
        return left;
    }

    private void addUnlessEmpty(List<Interval> intervals, Interval interval) {
        if (!isEmpty(interval)) {
            intervals.add(interval);
        }
    }

    private Interval below(Interval interval, Expr bound, boolean closed) {
        int order = order(interval.high(), bound);
        return new Interval(
                interval.low(),
                interval.lowClosed(),
                order <= 0 ? interval.high() : bound,
                order < 0 ? interval.highClosed() : order == 0 ? interval.highClosed() && closed : closed);
    }

    private Interval above(Interval interval, Expr bound, boolean closed) {
        int order = order(interval.low(), bound);
        return new Interval(
                order >= 0 ? interval.low() : bound,
                order > 0 ? interval.lowClosed() : order == 0 ? interval.lowClosed() && closed : closed,
                interval.high(),
                interval.highClosed());
    }

    private int order(Expr first, Expr second) {
        int sign = infiniteSign(first);
        int other = infiniteSign(second);
        return sign != 0 || other != 0 ? Integer.compare(sign, other) : expressions.order(first, second);
    }

    private static int infiniteSign(Expr expr) {
        if (expr == Constant.INFINITY) {
            return 1;
        }
        if (expr instanceof Expr.Neg neg && neg.operand() == Constant.INFINITY) {
            return -1;
        }
        if (expr.contains(part -> part == Constant.INFINITY)) {
            throw Undecided.unsupported("infinite end");
        }
        return 0;
    }
}
