package io.sppostream.verify.math.number;

/** Thrown when a computation cannot be finished. It has no stack trace, because it is a result and not a defect. */
public final class Undecided extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why a computation cannot be finished. */
    public enum Reason {
        /** It needs more steps, or larger numbers, than one grade may use. */
        BUDGET,
        /** It is undefined at this point, as a division by zero or the logarithm of zero. */
        UNDEFINED,
        /** This method cannot compute it; another may. */
        UNSUPPORTED
    }

    private final Reason reason;

    private Undecided(Reason reason, String what) {
        super(what, null, false, false);
        this.reason = reason;
    }

    /** A computation that exceeds the budget. */
    public static Undecided budget(String what) {
        return new Undecided(Reason.BUDGET, what);
    }

    /** A computation without a defined result. */
    public static Undecided undefined(String what) {
        return new Undecided(Reason.UNDEFINED, what);
    }

    /** A computation that this method does not support. */
    public static Undecided unsupported(String what) {
        return new Undecided(Reason.UNSUPPORTED, what);
    }

    /** Why the computation cannot be finished. */
    public Reason reason() {
        return reason;
    }
}
