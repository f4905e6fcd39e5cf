package io.sppostream.log.loop;

import io.sppostream.log.LogException;

/**
 * A loop stalled, as on a machine that was suspended, for so long that the cluster has aborted its transaction or removed
 * it from its group. Its uncommitted work is discarded; a new loop resumes from the last commit.
 */
public final class StalledException extends LogException {
    /** @param ended what the cluster did in the meantime, as a clause */
    StalledException(String role, String ended, Throwable cause) {
        super(role + " stalled for so long that " + ended + "; its uncommitted work is discarded", cause);
    }
}
