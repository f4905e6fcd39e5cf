package io.sppostream.history.audit;

/**
 * An event in its encoding, and its position on the log.
 *
 * @param topic name of its topic
 * @param event in the schema of this program, whichever version of the program wrote it
 * @param redelivered whether it is a second copy; see {@link io.sppostream.log.EventRecord}
 */
record EncodedEvent(String topic, int partition, long offset, EncodedRecord event, boolean redelivered) {}
