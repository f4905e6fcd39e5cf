package io.sppostream.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that could not be read or judged.
 *
 * @param topic short name of the topic it comes from, such as {@code rollouts}
 * @param offset where the letter lies in the dead letters of that topic
 * @param when it was put aside
 * @param key of the record, as it was
 * @param value of the record, as it was
 * @param headers the record's own, and where it comes from
 * @param resubmitted when it was sent back; null where it was not
 */
@SuppressWarnings("ArrayRecordComponent") // Shown and sent back, and compared nowhere.
public record Letter(
        String topic,
        long offset,
        Instant when,
        byte @Nullable [] key,
        byte @Nullable [] value,
        Headers headers,
        @Nullable Instant resubmitted) {

    static final String ORIGIN = "sppo.";

    static Letter of(String topic, ConsumerRecord<byte[], byte[]> record, @Nullable Instant resubmitted) {
        return new Letter(
                topic,
                record.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                record.key(),
                record.value(),
                record.headers(),
                resubmitted);
    }

    /** What it is called by: {@code rollouts@3}. */
    public String id() {
        return topic + "@" + offset;
    }

    /** A header as text; {@code -} where there is none. */
    public String header(String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? "-" : new String(header.value(), UTF_8);
    }
}
