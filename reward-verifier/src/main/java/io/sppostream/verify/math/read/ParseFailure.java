package io.sppostream.verify.math.read;

/** The text is not an answer this grader reads; the message says why, in a form fit for a rule id. */
public final class ParseFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ParseFailure(String why) {
        super(why, null, false, false);
    }

    public String why() {
        return String.valueOf(getMessage());
    }
}
