package io.sppostream.log.loop;

import io.sppostream.log.LogException;

/**
 * A loop stood still, as on a machine that sleeps, for so long that the cluster does not listen to it any more. What it
 * had not committed counts for nothing; a new one goes on from what is committed.
 */
public final class StalledException extends LogException {
    /** @param ended what the cluster did meanwhile */
    StalledException(String role, String ended, Throwable cause) {
        super(
                role + " stood still for so long that " + ended + "; what it had not committed counts for nothing",
                cause);
    }
}
