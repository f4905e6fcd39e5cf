package io.sppostream.advantage.estimator;

/** A group lacks something that its estimator cannot do without. The message says what, of which rollout. */
public final class MissingInputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MissingInputException(String message) {
        super(message);
    }
}
