package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.number.Undecided;

/** Whether two things are equal, and the rule that says so. */
public record Decision(Outcome outcome, String rule) {

    public enum Outcome {
        EQUAL,
        DIFFERENT,
        /** Neither shown equal nor shown different; graded as incorrect. */
        UNDECIDED,
        BUDGET_EXCEEDED
    }

    public static Decision of(boolean equal, String rule) {
        return new Decision(equal ? Outcome.EQUAL : Outcome.DIFFERENT, rule);
    }

    static Decision different(String rule) {
        return new Decision(Outcome.DIFFERENT, rule);
    }

    public static Decision of(Undecided undecided) {
        return switch (undecided.reason()) {
            case BUDGET -> new Decision(Outcome.BUDGET_EXCEEDED, "budget");
            case UNDEFINED, UNSUPPORTED -> new Decision(Outcome.UNDECIDED, "undecided");
        };
    }

    public boolean isEqual() {
        return outcome == Outcome.EQUAL;
    }

    /** The same outcome by a rule that says more. */
    Decision by(String outerRule) {
        return outcome == Outcome.EQUAL || outcome == Outcome.DIFFERENT ? new Decision(outcome, outerRule) : this;
    }
}
