package io.sppostream.verify.math;

/** Thrown where a computation can't be finished; carries no stack trace, as it is an outcome and not a defect. */
final class Undecided extends RuntimeException {
    private static final long serialVersionUID = 1L;

    enum Reason {
        /** It would take more steps, or larger numbers, than one verdict may. */
        BUDGET,
        /** Undefined at this point, such as a division by zero or a logarithm of it. */
        UNDEFINED,
        /** Not something this method can compute; another may. */
        UNSUPPORTED
    }

    private final Reason reason;

    private Undecided(Reason reason, String what) {
        super(what, null, false, false);
        this.reason = reason;
    }

    static Undecided budget(String what) {
        return new Undecided(Reason.BUDGET, what);
    }

    static Undecided undefined(String what) {
        return new Undecided(Reason.UNDEFINED, what);
    }

    static Undecided unsupported(String what) {
        return new Undecided(Reason.UNSUPPORTED, what);
    }

    Reason reason() {
        return reason;
    }
}
