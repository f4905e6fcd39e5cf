package io.sppostream.events.catalogue;

import org.apache.avro.specific.SpecificRecord;

/**
 * A topic of the log. Keys are strings; records are kept for good.
 *
 * @param <V> the event on it
 * @param name full name, namespace and version included
 * @param key what its records are keyed by, in words
 * @param valueType class of the event
 * @param partitions number of partitions
 */
public record Topic<V extends SpecificRecord>(String name, String key, Class<V> valueType, int partitions) {

    /** Name of the topic that takes this one's records that could not be read or judged, as raw bytes. */
    public String deadLetters() {
        return name + ".dlq";
    }
}
