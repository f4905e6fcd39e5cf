package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Relation;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Answer.Sequence.Kind;
import io.sppostream.verify.math.answer.Answer.Value;
import io.sppostream.verify.math.answer.AnswerLabels;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.number.StepBudget;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares an answer with a reference by the comparator for their types. Answers of different types are different, with
 * a few exceptions: a labelled value equals the value, inequalities equal intervals, plus-or-minus equals a list of two,
 * and a list equals a set.
 */
public final class AnswerComparator {
    private final StepBudget budget;
    private final RelationComparator relations;
    private final RealSetComparator realSets;
    private final SequenceComparator sequences;
    private final RatioComparator ratios;
    private final ValueComparator values;

    /** @param budget limits the work of this comparator; exceeding it throws or decides BUDGET_EXCEEDED */
    public AnswerComparator(StepBudget budget) {
        ExpressionComparator expressions = new ExpressionComparator(budget);
        this.budget = budget;
        this.realSets = new RealSetComparator(this::compare, expressions);
        this.relations = new RelationComparator(this::compare, this::unlabelled, realSets, expressions, budget);
        this.sequences = new SequenceComparator(this::compare);
        this.ratios = new RatioComparator(expressions);
        this.values = new ValueComparator(expressions);
    }

    /**
     * Compares an answer with a reference.
     *
     * @throws io.sppostream.verify.math.number.Undecided if the comparison cannot be finished
     */
    public Decision compare(Answer reference, Answer answer) {
        budget.spend(1);
        if (reference.equals(answer) && !(reference instanceof Value)) {
            return Decision.of(true, "identical");
        }
        if (reference instanceof Relation || answer instanceof Relation) {
            return relations.compare(reference, answer);
        }
        return unlabelled(reference, answer);
    }

    private Decision unlabelled(Answer reference, Answer answer) {
        Answer first = expanded(reference);
        Answer second = expanded(answer);
        if (first instanceof Answer.Text || second instanceof Answer.Text) {
            return TextComparator.compare(first, second);
        }
        if (RealSetComparator.applies(first) || RealSetComparator.applies(second)) {
            return realSets.compare(first, second);
        }
        if (first instanceof Sequence || second instanceof Sequence) {
            return sequences.compare(first, second);
        }
        if (first instanceof Answer.Ratio ratio && second instanceof Answer.Ratio other) {
            return ratios.compare(ratio, other);
        }
        return first instanceof Value value && second instanceof Value other
                ? values.compare(value, other)
                : Decision.different("type");
    }

    /** Replaces a value with a plus-or-minus sign by a list of two, also among the items of a list or set. */
    private static Answer expanded(Answer answer) {
        if (answer instanceof Value value) {
            List<Expr> choices = value.expr().signChoices();
            return choices.size() == 1 ? answer : new Sequence(Kind.LIST, choices(value, choices));
        }
        if (answer instanceof Sequence sequence && sequence.kind() != Kind.TUPLE) {
            List<Answer> items = new ArrayList<>();
            for (Answer item : sequence.items()) {
                Answer bare = AnswerLabels.value(item);
                List<Expr> choices = bare instanceof Value value ? value.expr().signChoices() : List.of();
                if (choices.size() == 2 && bare instanceof Value value) {
                    items.addAll(choices(value, choices));
                } else {
                    items.add(item);
                }
            }
            return new Sequence(sequence.kind(), List.copyOf(items));
        }
        return answer;
    }

    private static List<Answer> choices(Value value, List<Expr> choices) {
        return choices.stream()
                .<Answer>map(choice -> new Value(choice, value.unit(), value.percent()))
                .toList();
    }
}
