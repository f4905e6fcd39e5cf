package io.sppostream.log.loop;

/**
 * How many records of its last poll a stream thread has still to process, and whether its topics hold more. The consumer
 * of the thread reports polls; processors report records. A record that goes to the DLQ is never reported, so the poll it
 * came with counts as processed at the next one. Each instance belongs to one thread.
 */
final class PolledRecords {
    private static final ThreadLocal<PolledRecords> OF_THREAD = ThreadLocal.withInitial(PolledRecords::new);

    private int unprocessed;
    private boolean more;

    /** That of the current thread. */
    static PolledRecords ofThread() {
        return OF_THREAD.get();
    }

    /**
     * A poll has returned.
     *
     * @param records how many records
     * @param more whether the topics are known to hold further records
     */
    void polled(int records, boolean more) {
        this.unprocessed = records;
        this.more = more;
    }

    /** A processor has finished with a record. */
    void processed() {
        unprocessed--;
    }

    /** Whether the last poll's records are processed, and no more are known to be on the topics. */
    boolean areProcessed() {
        return unprocessed <= 0 && !more;
    }
}
