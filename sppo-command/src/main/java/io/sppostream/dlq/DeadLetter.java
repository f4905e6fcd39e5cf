package io.sppostream.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that a role could not read or use.
 *
 * @param topic short name of the topic it comes from, such as {@code rollouts}
 * @param offset of the letter, on the dead-letter topic of that topic
 * @param time when it was sent to the DLQ
 * @param key of the record, unchanged
 * @param value of the record, unchanged
 * @param headers the record's own, and its origin
 * @param resubmitted when it was sent back; null if it was not
 */
@SuppressWarnings("ArrayRecordComponent") // Shown and sent back, never compared.
public record DeadLetter(
        String topic,
        long offset,
        Instant time,
        byte @Nullable [] key,
        byte @Nullable [] value,
        Headers headers,
        @Nullable Instant resubmitted) {

    /** Prefix of the headers that name a letter's origin. */
    static final String ORIGIN = "sppo.";

    private static final String SOURCE_TOPIC = "topic";

    static DeadLetter of(String topic, ConsumerRecord<byte[], byte[]> record, @Nullable Instant resubmitted) {
        return new DeadLetter(
                topic,
                record.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                record.key(),
                record.value(),
                record.headers(),
                resubmitted);
    }

    /** Whether a record names its origin, as every letter does. */
    static boolean isLetter(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(ORIGIN + SOURCE_TOPIC) != null;
    }

    /** Names the refused record and the role that refused it; equal for letters that say the same. */
    String refusal() {
        if (headers.lastHeader(ORIGIN + "offset") == null) {
            return id();
        }
        return origin("topic") + "-" + origin("partition") + "@" + origin("offset") + " " + origin("role");
    }

    /** Its name on the command line: {@code rollouts@3}. */
    public String id() {
        return topic + "@" + offset;
    }

    /**
     * A part of its origin: {@code partition}, {@code offset}, {@code role} or {@code error}; {@code -} if it is not
     * recorded.
     */
    public String origin(String name) {
        Header header = headers.lastHeader(ORIGIN + name);
        return header == null || header.value() == null ? "-" : new String(header.value(), UTF_8);
    }
}
