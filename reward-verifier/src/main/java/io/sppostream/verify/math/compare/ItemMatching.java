package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Compares lists of items, in order or in any order. */
final class ItemMatching {
    private ItemMatching() {}

    /** Compares items pairwise, in order. */
    static Decision ordered(List<Answer> reference, List<Answer> answer, AnswerComparison comparison, String rule) {
        if (reference.size() != answer.size()) {
            return Decision.different(rule + "-size");
        }
        for (int i = 0; i < reference.size(); i++) {
            Decision decision = comparison.compare(reference.get(i), answer.get(i));
            if (!decision.isEqual()) {
                return decision.by(rule);
            }
        }
        return Decision.of(true, rule);
    }

    /** Matches each item with a different item of the other list. The first match will do, as equality is transitive. */
    static Decision unordered(List<Answer> reference, List<Answer> answer, AnswerComparison comparison, String rule) {
        boolean repeats = Set.copyOf(reference).size() < reference.size();
        // A repeated element of a set is ignored, unless the reference repeats one.
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
                } else if (decision.equality() != Decision.Equality.DIFFERENT) {
                    undecided = decision;
                }
            }
            if (!matched) {
                return undecided != null ? undecided : Decision.different(rule);
            }
        }
        return Decision.of(true, rule);
    }
}
