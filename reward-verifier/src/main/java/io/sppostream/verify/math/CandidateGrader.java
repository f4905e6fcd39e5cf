package io.sppostream.verify.math;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.compare.AnswerComparator;
import io.sppostream.verify.math.compare.CompatTolerance;
import io.sppostream.verify.math.compare.Decision;
import io.sppostream.verify.math.number.StepBudget;
import io.sppostream.verify.math.number.Undecided;
import io.sppostream.verify.math.read.AnswerExtractor;
import io.sppostream.verify.math.read.ChoiceLetter;
import org.jspecify.annotations.Nullable;

/** Compares a candidate answer with a reference, as a profile says. Thread-safe. */
final class CandidateGrader {
    private final GradingProfile profile;
    private final ReferenceCache references = new ReferenceCache();

    CandidateGrader(GradingProfile profile) {
        this.profile = profile;
    }

    /** Grades a candidate. */
    Grade grade(String reference, String candidate) {
        String expected = expected(reference);
        return switch (profile.comparison()) {
            case CHARACTERS -> graded(expected.strip().equals(candidate.strip()), candidate, "exact");
            case LETTERS -> choice(expected, candidate);
            case VALUES, TOLERANT_VALUES -> typed(expected, candidate);
        };
    }

    /** The answer in a reference. Only one that is parsed can be a solution without a box. */
    private String expected(String reference) {
        if (profile.comparison().parses()) {
            return AnswerExtractor.fromReference(reference);
        }
        String boxed = AnswerExtractor.fromBox(reference);
        return boxed == null ? reference : boxed;
    }

    /** The grade of a text without a candidate: UNPARSEABLE_REFERENCE if the reference cannot be read, else NO_ANSWER. */
    Grade noAnswer(String reference, String rule) {
        String failure = referenceFailure(reference);
        return failure == null
                ? new Grade(GradeStatus.NO_ANSWER, null, rule)
                : new Grade(GradeStatus.UNPARSEABLE_REFERENCE, null, failure);
    }

    /** Why the profile cannot read a reference, or null if it can. */
    @Nullable
    String referenceFailure(String reference) {
        String expected = expected(reference);
        return switch (profile.comparison()) {
            case CHARACTERS -> expected.isBlank() ? "empty" : null;
            case LETTERS -> ChoiceLetter.leading(expected) == null ? "no-choice" : null;
            case VALUES, TOLERANT_VALUES -> {
                ParsedAnswer parsed = references.parsed(expected);
                yield parsed.answer() == null ? parsed.failure() : null;
            }
        };
    }

    private static Grade choice(String expected, String candidate) {
        String letter = ChoiceLetter.leading(expected);
        if (letter == null) {
            return new Grade(GradeStatus.UNPARSEABLE_REFERENCE, candidate, "no-choice");
        }
        String chosen = ChoiceLetter.leading(candidate);
        return chosen == null
                ? new Grade(GradeStatus.UNPARSEABLE_ANSWER, candidate, "no-choice")
                : graded(letter.equals(chosen), candidate, "choice");
    }

    private static Grade graded(boolean correct, String candidate, String rule) {
        return new Grade(correct ? GradeStatus.CORRECT : GradeStatus.INCORRECT, candidate, rule);
    }

    private Grade typed(String expected, String candidate) {
        ParsedAnswer reference = references.parsed(expected);
        if (reference.answer() == null) {
            return new Grade(GradeStatus.UNPARSEABLE_REFERENCE, candidate, reference.failure());
        }
        String letter = ChoiceLetter.only(expected);
        String chosen = letter == null ? null : ChoiceLetter.leading(candidate);
        if (letter != null && chosen != null) {
            return graded(letter.equals(chosen), candidate, "choice");
        }
        ParsedAnswer given = ParsedAnswer.of(candidate);
        if (given.answer() == null) {
            return new Grade(GradeStatus.UNPARSEABLE_ANSWER, candidate, given.failure());
        }
        Decision decision = decide(reference.answer(), given.answer());
        return switch (decision.equality()) {
            case EQUAL -> new Grade(GradeStatus.CORRECT, candidate, decision.rule());
            case DIFFERENT, UNDECIDED -> new Grade(GradeStatus.INCORRECT, candidate, decision.rule());
            case BUDGET_EXCEEDED -> new Grade(GradeStatus.BUDGET_EXCEEDED, candidate, decision.rule());
        };
    }

    private Decision decide(Answer expected, Answer given) {
        try {
            Decision decision = new AnswerComparator(new StepBudget()).compare(expected, given);
            return profile.comparison() == GradingProfile.Comparison.TOLERANT_VALUES && !decision.isEqual()
                    ? CompatTolerance.compare(expected, given, decision)
                    : decision;
        } catch (Undecided undecided) {
            return Decision.of(undecided);
        }
    }
}
