package io.sppostream.log.loop;

import io.sppostream.log.LogException;

/** Another sole loop of the same role has been started and has fenced this one, whose uncommitted work is discarded. */
public final class TakenOverException extends LogException {
    TakenOverException(String role, Throwable cause) {
        super(
                "another " + role + " has been started and has taken over: only one may run, so this one stops,"
                        + " and its uncommitted work is discarded",
                cause);
    }
}
