package io.sppostream.verify.math;

/** The text is not an answer this grader reads; the message says why, in a form fit for a rule id. */
final class ParseFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ParseFailure(String why) {
        super(why, null, false, false);
    }

    String why() {
        return String.valueOf(getMessage());
    }
}
