package io.sppostream.learn;

/** What may go wrong around a simulated learner. */
enum LedgerFault {
    /** The learner is killed at any call of its Kafka clients. */
    KILL,
    /** The learner is killed after the last write of a transaction, before it is committed. */
    KILL_BEFORE_COMMIT,
    /** The learner is killed after the broker has committed a transaction, before it has the answer. */
    KILL_AFTER_COMMIT,
    /** The learner stalls while another one takes over, and resumes afterwards. */
    TAKEOVER,
    /** A request to the broker is lost, or its answer. */
    LOST_REQUEST,
    /** The broker forgets the offsets of the consumer group. Not for the critic, which would score prompts again. */
    FORGOTTEN_OFFSETS,
    /** The join aborts a transaction, and writes its samples again. */
    ABORTED_SAMPLES,
    /** Others have transactions open, committed or aborted on the topics that the learner writes to. */
    OPEN_TRANSACTIONS,
    /** A sample is on the log twice. Only for policies that expire nothing. */
    DUPLICATE,
    /** A record on advantages is not an event. */
    UNREADABLE,
    /** Samples may be older than the lag that is allowed. Only for policies. */
    STALE,
    /** The learner is started again on a processor that computes other bits. Only for {@link HashModel}. */
    OTHER_PROCESSOR,
    /** Circuit breakers pause the learner, and an operator resumes it. Only for policies. */
    PAUSE
}
