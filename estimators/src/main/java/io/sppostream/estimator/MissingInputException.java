package io.sppostream.estimator;

/** A group lacks an input that its estimator cannot do without. The message names the input and the rollout. */
public final class MissingInputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MissingInputException(String message) {
        super(message);
    }
}
