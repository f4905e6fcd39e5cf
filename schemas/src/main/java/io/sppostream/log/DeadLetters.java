package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
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
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(topic + ".dlq", null, key, value, headers);
        header(letter, "sppo.topic", topic);
        header(letter, "sppo.partition", Integer.toString(partition));
        header(letter, "sppo.offset", Long.toString(offset));
        header(letter, "sppo.role", role);
        header(letter, "sppo.error", LogException.reason(error));
        return letter;
    }

    private static void header(ProducerRecord<byte[], byte[]> letter, String name, String value) {
        letter.headers().remove(name).add(name, value.getBytes(UTF_8));
    }
}
