package io.sppostream.events.catalogue;

import org.apache.avro.specific.SpecificRecord;

/**
 * A topic with the type of its events. Keys are UTF-8 strings; values are Avro in Confluent's wire format.
 *
 * @param <V> type of the events
 * @param name full name, namespace and version included
 * @param key the field of the event that its records are keyed by
 * @param valueType class of the events
 * @param partitions number of partitions
 */
public record Topic<V extends SpecificRecord>(String name, String key, Class<V> valueType, int partitions) {

    /** Name of the dead-letter topic of this one; see {@link #deadLetters(String)}. */
    public String deadLetters() {
        return deadLetters(name);
    }

    /** Name of the topic that takes a topic's unreadable records, as raw bytes. */
    public static String deadLetters(String topic) {
        return topic + ".dlq";
    }
}
