package io.sppostream.advantage;

/** What may go wrong around a simulated join whose estimator asks for follow-ups. */
enum FollowUpFault {
    /** A record never reaches the log. */
    LOSS,
    /** A record is on the log several times. */
    DUPLICATE,
    /** Records reach the log in random order. */
    REORDERING,
    /** Requests wait longer than the join's patience for records that are still to come. */
    LATENESS,
    /** A verifier fails. */
    NOT_JUDGED,
    /** The producer refuses a follow-up, or single rollouts. */
    REFUSAL,
    /** Rollouts of follow-ups are on the log before the join has planned them, as after it has lost its state. */
    EARLY,
    /** Rollouts reach the log that name follow-ups for which nobody asked. */
    STRAY,
    /** The task crashes at any moment, and loses everything since its last commit. */
    CRASH,
    /** The task restarts right after a commit, with nothing but its stores. */
    RESTART
}
