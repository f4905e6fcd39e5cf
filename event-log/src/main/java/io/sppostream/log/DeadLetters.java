package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Topic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Dead letters: records that a role cannot read or use. They are sent, byte for byte, to their topic's {@code .dlq},
 * with their origin in the headers {@code sppo.topic}, {@code sppo.partition}, {@code sppo.offset}, {@code sppo.role} and
 * {@code sppo.error}. Stateless.
 */
public final class DeadLetters {
    private DeadLetters() {}

    /**
     * The dead letter of a record.
     *
     * @param role the role that cannot use the record
     * @param error why
     */
    public static ProducerRecord<byte[], byte[]> of(
            ConsumerRecord<byte[], byte[]> record, String role, Throwable error) {
        return new ProducerRecord<>(
                Topic.deadLetters(record.topic()),
                null,
                record.key(),
                record.value(),
                origin(
                        record.headers(),
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        role,
                        LogException.reason(error)));
    }

    /**
     * The headers of a dead letter: those of the record, and its origin.
     *
     * @param offset null if it is no longer known
     * @param error why the record cannot be used, in one line
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
