package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Interval;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import java.util.List;

/** Compares sets of reals: intervals, their unions, and inequalities in one unknown. */
final class RealSetComparator {
    private final AnswerComparison answers;
    private final ExpressionComparator expressions;
    private final RealLine line;

    /** @param answers compares any two answers */
    RealSetComparator(AnswerComparison answers, ExpressionComparator expressions) {
        this.answers = answers;
        this.expressions = expressions;
        this.line = new RealLine(expressions);
    }

    /** Whether an answer, or an item of it, can only be a set of reals. */
    static boolean applies(Answer answer) {
        return RealSets.isRealSet(answer) || holdsInequality(answer);
    }

    private static boolean holdsInequality(Answer answer) {
        return answer instanceof Sequence sequence && sequence.items().stream().anyMatch(RealSets::isRealSet);
    }

    Decision compare(Answer reference, Answer answer) {
        List<Answer> parts = line.parts(reference);
        List<Answer> others = line.parts(answer);
        if (parts != null && others != null) {
            return ItemMatching.unordered(parts, others, this::part, "interval");
        }
        Answer.Difference difference = RealSets.difference(reference);
        Answer.Difference other = RealSets.difference(answer);
        if (difference != null && other != null) {
            // Of sets that are not of reals, such as the integers without zero.
            Decision from = answers.compare(difference.from(), other.from());
            return from.isEqual() ? answers.compare(difference.removed(), other.removed()) : from;
        }
        return reference instanceof Sequence first && answer instanceof Sequence second
                ? ItemMatching.unordered(first.items(), second.items(), answers, "list")
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
                : answers.compare(reference, answer);
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
}
