package io.sppostream.verify.math;

/** What a grading can end in: the part of the log's verdict statuses that needs no infrastructure. */
public enum GradeStatus {
    /** The answer is the reference answer. */
    CORRECT,
    /** The answer was read and is not the reference answer, or could not be shown to be. */
    INCORRECT,
    /** The response holds no answer: no box, no answer line, or a think block that never closed. */
    NO_ANSWER,
    /** There is an answer, but it is not mathematics this grader reads. */
    UNPARSEABLE_ANSWER,
    /** The reference itself can't be read; no response to it can be judged. */
    UNPARSEABLE_REFERENCE,
    /** The comparison would have taken more steps than one verdict may. */
    BUDGET_EXCEEDED
}
