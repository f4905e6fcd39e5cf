package io.sppostream.log;

import org.apache.avro.specific.SpecificRecord;

/**
 * An event and where it lies on the log.
 *
 * @param topic name of its topic
 */
public record EventRecord<V extends SpecificRecord>(String topic, int partition, long offset, String key, V event) {}
