package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Answer.Sequence.Kind;
import io.sppostream.verify.math.answer.AnswerLabels;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Compares lists, sets and tuples. Only tuples have an order, and lists whose items have distinct labels. */
final class SequenceComparator {
    private final AnswerComparison answers;

    /** @param answers compares any two answers */
    SequenceComparator(AnswerComparison answers) {
        this.answers = answers;
    }

    Decision compare(Answer reference, Answer answer) {
        boolean tuple = reference instanceof Sequence sequence && sequence.kind() == Kind.TUPLE;
        boolean otherTuple = answer instanceof Sequence sequence && sequence.kind() == Kind.TUPLE;
        List<Answer> items = items(reference);
        List<Answer> others = items(answer);
        if (tuple && otherTuple) {
            return ItemMatching.ordered(items, others, answers, "tuple");
        }
        if ((tuple && !(answer instanceof Sequence)) || (otherTuple && !(reference instanceof Sequence))) {
            return Decision.different("type");
        }
        boolean labelled = distinctLabels(items);
        boolean otherLabelled = distinctLabels(others);
        if (labelled && otherLabelled) {
            return ItemMatching.unordered(items, others, answers, "labelled-list");
        }
        if (labelled || otherLabelled) {
            return ItemMatching.ordered(values(items), values(others), answers, "labelled-list");
        }
        // A tuple beside a list is an item of it, never a list of its own parts.
        return ItemMatching.unordered(
                tuple ? List.of(reference) : values(items),
                otherTuple ? List.of(answer) : values(others),
                answers,
                "set");
    }

    private static List<Answer> items(Answer answer) {
        return answer instanceof Sequence sequence ? sequence.items() : List.of(answer);
    }

    /** Whether every item has a label of its own. The order of the values then matters. */
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
}
