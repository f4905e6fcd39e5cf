package io.sppostream.history.audit;

import io.sppostream.log.EventRecord;

/**
 * A violation that an audit has found on the log.
 *
 * @param step the training step it belongs to; {@link #NO_STEP} if it belongs to none
 * @param where the record, as topic-partition@offset, or the topic
 * @param what the violation, in words
 */
public record Finding(int step, String where, String what) {
    /** Sorts after all steps. */
    public static final int NO_STEP = Integer.MAX_VALUE;

    static Finding at(int step, EventRecord<?> record, String what) {
        return new Finding(step, place(record.topic(), record.partition(), record.offset()), what);
    }

    /** The position of a record on the log, as text. */
    static String place(String topic, int partition, long offset) {
        return topic + "-" + partition + "@" + offset;
    }

    @Override
    public String toString() {
        return where + ": " + what;
    }
}
