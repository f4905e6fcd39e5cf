package io.sppostream.log;

import org.apache.avro.specific.SpecificRecord;

/**
 * An event and its position on the log. Immutable, but for the event itself.
 *
 * @param topic name of its topic
 */
public record EventRecord<V extends SpecificRecord>(String topic, int partition, long offset, String key, V event) {}
