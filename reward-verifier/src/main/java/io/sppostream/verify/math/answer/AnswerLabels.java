package io.sppostream.verify.math.answer;

import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Sequence;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Labels of answers. In {@code x = 5}, {@code f(x) = x^2}, {@code AB = 4}, {@code (p, q) = (3, 2)} and {@code k \in \{1,
 * 2\}} the left side is a label, and the right side is the answer.
 */
public final class AnswerLabels {
    private AnswerLabels() {}

    /** The label of an answer, or null if it has none. */
    public static @Nullable Answer label(Answer answer) {
        if (!(answer instanceof Relation relation) || !isLabel(relation.sides().get(0))) {
            return null;
        }
        boolean assigns = relation.relators().stream().allMatch(Relator::isEquality)
                || (relation.relators().size() == 1 && relation.relators().get(0) == Relator.MEMBER);
        return assigns && !mentions(relation) ? relation.sides().get(0) : null;
    }

    /**
     * The value of a labelled answer, or the answer itself if it has no label. Of several values, as in {@code x =
     * \frac{1}{3} \approx 0.33}, the last exact one counts.
     */
    public static Answer value(Answer answer) {
        return answer instanceof Relation relation && label(answer) != null ? lastExact(relation, 1) : answer;
    }

    /**
     * The last side of a chain of equalities before its first approximation, counted from a side. If the approximation
     * names the unit, the exact value has it.
     */
    public static Answer lastExact(Relation chain, int from) {
        int last = from;
        while (last < chain.relators().size() && chain.relators().get(last) != Relator.APPROXIMATELY) {
            last++;
        }
        Answer exact = chain.sides().get(last);
        Answer end = chain.sides().get(chain.sides().size() - 1);
        return exact instanceof Answer.Value value
                        && value.unit() == null
                        && !value.percent()
                        && end instanceof Answer.Value approximation
                ? new Answer.Value(value.expr(), approximation.unit(), false)
                : exact;
    }

    private static boolean isLabel(Answer side) {
        if (side instanceof Answer.Value value) {
            return value.unit() == null && !value.percent() && isName(value.expr());
        } else if (side instanceof Sequence sequence) {
            return sequence.kind() == Sequence.Kind.TUPLE
                    && sequence.items().stream().allMatch(AnswerLabels::isLabel);
        } else if (side instanceof Answer.Ratio ratio) {
            return ratio.parts().stream().allMatch(AnswerLabels::isName);
        }
        return side instanceof Answer.Text;
    }

    /** One unknown, an unknown function, or capital letters: a segment, an angle, a function such as P(x). */
    private static boolean isName(Expr expr) {
        if (expr instanceof Expr.Call call) {
            return call.function() == Expr.Function.ABS
                    && isName(call.arguments().get(0));
        }
        if (expr instanceof Expr.Product product) {
            Expr first = product.factors().get(0);
            boolean named = first instanceof Expr.Sym sym
                    && (sym.name().matches("[A-Z](?:_.*)?'*") || sym.name().length() > 2);
            return named
                    && product.factors().stream().allMatch(factor -> factor instanceof Expr.Sym)
                    && (product.factors().size() == 2
                            || product.factors().stream()
                                    .skip(1)
                                    .allMatch(factor -> factor instanceof Expr.Sym sym
                                            && Character.isUpperCase(sym.name().charAt(0))));
        }
        return expr instanceof Expr.Sym || expr instanceof Expr.Apply;
    }

    /** Whether the label occurs in the value: then the relation is an equation and not a labelled answer. */
    private static boolean mentions(Relation relation) {
        if (!(relation.sides().get(0) instanceof Answer.Value label) || !(label.expr() instanceof Expr.Sym sym)) {
            return false;
        }
        List<Answer> rest = relation.sides().subList(1, relation.sides().size());
        return rest.stream()
                .anyMatch(side -> side instanceof Answer.Value value
                        && value.expr().variables().contains(sym.name()));
    }
}
