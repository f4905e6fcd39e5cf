package io.sppostream.log;

/** An error that the user can fix: the message says in one line what is wrong, where, and what to do. */
public final class UserException extends RuntimeException {
    public UserException(String message) {
        super(message);
    }
}
