package io.sppostream.advantage;

/** What may go wrong around a simulated join. */
enum JoinFault {
    /** A record never reaches the log. */
    LOSS,
    /** A record is on the log several times. */
    DUPLICATE,
    /** Records reach the log in random order. */
    REORDERING,
    /** Requests wait longer than the join's patience for records that are still to come. */
    LATENESS,
    /** A verifier fails, or cannot read the reference. */
    NOT_JUDGED,
    /** The producer answers none of a request's samples. */
    REFUSAL,
    /** Another role expires one of a request's rollouts, whether or not it arrives. */
    EXPIRED_ELSEWHERE,
    /** Verdicts and values arrive once more, after their request is forgotten. */
    REPEATED_WHEN_FORGOTTEN,
    /** The task crashes at any moment, and loses everything since its last commit. */
    CRASH,
    /** The task crashes after it has forwarded a settlement and before it commits. */
    CRASH_BEFORE_COMMIT,
    /** The task restarts right after a commit, with nothing but its stores. */
    RESTART,
    /** The task restarts after a commit, and finds what a version that kept its indexes in memory has stored. */
    UPGRADE
}
