package io.sppostream.log;

/** Something the user has to mend: the message says what, where and what to do, in one line. */
public final class UserException extends RuntimeException {
    public UserException(String message) {
        super(message);
    }
}
