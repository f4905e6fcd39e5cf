package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

class DeadLettersTest {

    private static Map<String, String> headers(ProducerRecord<byte[], byte[]> letter) {
        Map<String, String> headers = new TreeMap<>();
        for (Header header : letter.headers()) {
            assertThat(headers.put(header.key(), new String(header.value(), UTF_8)))
                    .as("one %s", header.key())
                    .isNull();
        }
        return headers;
    }

    @Test
    void shouldKeepTheBytesAndNameTheirOrigin() {
        byte[] key = {1, 2};
        byte[] value = {3, (byte) 0xff};
        ConsumerRecord<byte[], byte[]> original = new ConsumerRecord<>("run.prompts.v1", 3, 42, key, value);
        original.headers().add("trace", "t-1".getBytes(UTF_8));

        ProducerRecord<byte[], byte[]> letter = DeadLetters.of(
                original,
                "rollout-producer",
                new IllegalStateException("outer", new IllegalArgumentException("bad \u00e9\nsecond line")));

        assertThat(letter.topic()).isEqualTo("run.prompts.v1.dlq");
        assertThat(letter.partition()).isNull();
        assertThat(letter.key()).isEqualTo(key);
        assertThat(letter.value()).isEqualTo(value);
        assertThat(headers(letter))
                .isEqualTo(Map.of(
                        "trace", "t-1",
                        "sppo.topic", "run.prompts.v1",
                        "sppo.partition", "3",
                        "sppo.offset", "42",
                        "sppo.role", "rollout-producer",
                        "sppo.error", "bad \u00e9"));
        assertThat(original.headers().toArray()).hasSize(1);
    }

    @Test
    void shouldNameOnlyTheLastOriginWhenALetterFailsAgain() {
        ProducerRecord<byte[], byte[]> first = DeadLetters.of(
                new ConsumerRecord<>("run.prompts.v1", 3, 42, null, null), "feed", new IllegalStateException("a"));
        ConsumerRecord<byte[], byte[]> again = new ConsumerRecord<>("run.rollouts.v1", 0, 7, null, null);
        first.headers().forEach(again.headers()::add);
        ProducerRecord<byte[], byte[]> second = DeadLetters.of(again, "critic", new IllegalStateException());

        assertThat(second.key()).isNull();
        assertThat(second.value()).isNull();
        assertThat(headers(second))
                .isEqualTo(Map.of(
                        "sppo.topic", "run.rollouts.v1",
                        "sppo.partition", "0",
                        "sppo.offset", "7",
                        "sppo.role", "critic",
                        "sppo.error", "IllegalStateException"));
    }
}
