package io.sppostream.verify.math.read;

/** Thrown for a text that this grader cannot parse as an answer. */
public final class ParseFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ParseFailure(String why) {
        super(why, null, false, false);
    }

    /** Why the text cannot be parsed, as a rule id. */
    public String why() {
        return String.valueOf(getMessage());
    }
}
