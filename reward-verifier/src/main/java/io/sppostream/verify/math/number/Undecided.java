package io.sppostream.verify.math.number;

/** Thrown where a computation can't be finished; carries no stack trace, as it is an outcome and not a defect. */
public final class Undecided extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public enum Reason {
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

    public static Undecided budget(String what) {
        return new Undecided(Reason.BUDGET, what);
    }

    public static Undecided undefined(String what) {
        return new Undecided(Reason.UNDEFINED, what);
    }

    public static Undecided unsupported(String what) {
        return new Undecided(Reason.UNSUPPORTED, what);
    }

    public Reason reason() {
        return reason;
    }
}
