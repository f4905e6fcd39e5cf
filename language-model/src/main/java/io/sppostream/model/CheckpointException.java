package io.sppostream.model;

/** A checkpoint, a weights stream or an optimizer state that can't be used: what, where, and what to do about it. */
public final class CheckpointException extends RuntimeException {

    public CheckpointException(String message) {
        super(message);
    }

    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
