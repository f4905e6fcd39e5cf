package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Records that could not be read or judged go, byte for byte, to their topic's {@code .dlq}, with their origin in the
 * headers {@code sppo.topic}, {@code sppo.partition}, {@code sppo.offset}, {@code sppo.role} and {@code sppo.error}.
 */
public final class DeadLetters {
    private DeadLetters() {}

    /** The dead letter for a record of a topic. */
    public static ProducerRecord<byte[], byte[]> of(
            String topic,
            int partition,
            long offset,
            byte @Nullable [] key,
            byte @Nullable [] value,
            Iterable<Header> headers,
            String role,
            Throwable error) {
        return new ProducerRecord<>(
                topic + ".dlq",
                null,
                key,
                value,
                origin(headers, topic, partition, offset, role, LogException.reason(error)));
    }

    /**
     * The headers of a dead letter: those of the record, and where it comes from.
     *
     * @param offset null where it is no longer known
     * @param error why nothing can be made of the record, in one line
     */
    public static Headers origin(
            Iterable<Header> headers, String topic, int partition, @Nullable Long offset, String role, String error) {
        Headers all = new RecordHeaders(headers);
        header(all, "sppo.topic", topic);
        header(all, "sppo.partition", Integer.toString(partition));
        all.remove("sppo.offset");
        if (offset != null) {
            header(all, "sppo.offset", Long.toString(offset));
        }
        header(all, "sppo.role", role);
        header(all, "sppo.error", error);
        return all;
    }

    private static void header(Headers headers, String name, String value) {
        headers.remove(name).add(name, value.getBytes(UTF_8));
    }
}
