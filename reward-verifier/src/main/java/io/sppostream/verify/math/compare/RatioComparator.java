package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Expr;
import java.util.ArrayList;
import java.util.List;

/** Compares ratios such as {@code 1:2} and times of day such as {@code 3:30}. */
final class RatioComparator {
    private final ExpressionComparator expressions;

    RatioComparator(ExpressionComparator expressions) {
        this.expressions = expressions;
    }

    /** Ratios are compared up to a factor. Times of day are not: 3:30 is not 1:10. */
    Decision compare(Answer.Ratio reference, Answer.Ratio answer) {
        if (!ValueComparator.unitsAgree(reference.unit(), answer.unit())) {
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
}
