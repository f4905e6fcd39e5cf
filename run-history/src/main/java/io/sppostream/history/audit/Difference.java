package io.sppostream.history.audit;

import io.sppostream.log.EventRecord;

/**
 * Something on the log that is not as it must be.
 *
 * @param step the training step it belongs to; {@link #NO_STEP} where it belongs to none
 * @param where the record, as topic-partition@offset, or the topic
 * @param what is wrong with it
 */
public record Difference(int step, String where, String what) {
    /** Sorts after all steps. */
    public static final int NO_STEP = Integer.MAX_VALUE;

    static Difference at(int step, EventRecord<?> record, String what) {
        return new Difference(step, place(record.topic(), record.partition(), record.offset()), what);
    }

    /** How places on the log are written. */
    static String place(String topic, int partition, long offset) {
        return topic + "-" + partition + "@" + offset;
    }

    @Override
    public String toString() {
        return where + ": " + what;
    }
}
