package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.number.Undecided;

/**
 * Whether an answer equals a reference.
 *
 * @param rule id of the rule that decided
 */
public record Decision(Equality equality, String rule) {

    /** What a comparison found. */
    public enum Equality {
        EQUAL,
        DIFFERENT,
        /** Neither shown equal nor shown different; graded as incorrect. */
        UNDECIDED,
        /** The comparison needs more steps than one grade may take. */
        BUDGET_EXCEEDED
    }

    static Decision of(boolean equal, String rule) {
        return new Decision(equal ? Equality.EQUAL : Equality.DIFFERENT, rule);
    }

    static Decision different(String rule) {
        return new Decision(Equality.DIFFERENT, rule);
    }

    /** The decision for a computation that could not be finished. */
    public static Decision of(Undecided undecided) {
        return switch (undecided.reason()) {
            case BUDGET -> new Decision(Equality.BUDGET_EXCEEDED, "budget");
            case UNDEFINED, UNSUPPORTED -> new Decision(Equality.UNDECIDED, "undecided");
        };
    }

    /** Whether the answer equals the reference. */
    public boolean isEqual() {
        return equality == Equality.EQUAL;
    }

    /** The same decision under the rule of the enclosing comparison; unchanged if there was no decision. */
    Decision by(String outerRule) {
        return equality == Equality.EQUAL || equality == Equality.DIFFERENT ? new Decision(equality, outerRule) : this;
    }
}
