package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Compares words by their letters and digits, without regard to case. */
final class TextComparator {
    private TextComparator() {}

    static Decision compare(Answer reference, Answer answer) {
        String words = words(reference);
        return Decision.of(words != null && words.equals(words(answer)), "text");
    }

    /** The words of an answer, also if they were parsed as a product of letters; null if it is not words. */
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
