package io.sppostream.log;

import org.apache.avro.specific.SpecificRecord;

/**
 * An event and its position on the log. Immutable, but for the event itself.
 *
 * @param topic name of its topic
 * @param redelivered whether it is a second copy of a record of the topic, sent back from the DLQ to the role that had
 *     refused the first one
 */
public record EventRecord<V extends SpecificRecord>(
        String topic, int partition, long offset, String key, V event, boolean redelivered) {

    /** A first copy. */
    public EventRecord(String topic, int partition, long offset, String key, V event) {
        this(topic, partition, offset, key, event, false);
    }
}
