package io.sppostream.log;

/** Something about the cluster, the registry or what lies on a topic that a person has to mend; the message says what. */
public class LogException extends RuntimeException {
    public LogException(String message) {
        super(message);
    }

    public LogException(String message, Throwable cause) {
        super(message, cause);
    }
}
