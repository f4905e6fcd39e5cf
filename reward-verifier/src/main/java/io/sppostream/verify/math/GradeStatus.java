package io.sppostream.verify.math;

/** The typed results of grading: the verdict statuses of the log, without those that report infrastructure failures. */
public enum GradeStatus {
    /** The answer equals the reference. */
    CORRECT,
    /** The answer was parsed and differs from the reference, or could not be shown to be equal. */
    INCORRECT,
    /** The response holds no answer: no box, no answer line, or a think block that never closed. */
    NO_ANSWER,
    /** There is an answer, but this grader cannot parse it. */
    UNPARSEABLE_ANSWER,
    /** The reference cannot be parsed, so that no response can be judged. */
    UNPARSEABLE_REFERENCE,
    /** The comparison needs more steps than one grade may take. */
    BUDGET_EXCEEDED
}
