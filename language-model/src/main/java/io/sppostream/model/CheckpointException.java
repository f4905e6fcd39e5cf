package io.sppostream.model;

/** A checkpoint, weights stream or optimizer state cannot be used; the message says what is wrong, where, and what to do. */
public final class CheckpointException extends RuntimeException {

    public CheckpointException(String message) {
        super(message);
    }

    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
