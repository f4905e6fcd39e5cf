package io.sppostream.feed.data;

/** A row of a data file that is no problem to train on. The message continues a sentence that begins with the row. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1;

    private final SkipReason reason;

    BadRowException(SkipReason reason, String message) {
        super(message);
        this.reason = reason;
    }

    SkipReason reason() {
        return reason;
    }
}
