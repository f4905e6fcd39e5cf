package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventDecoderTest {
    private static final String SCOPE = "event-decoder";
    private static final byte[] KEY = "r-1".getBytes(UTF_8);
    private static final Value VALUE = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH, null, null);

    private final Topics topics = new Topics("test", 1);
    private final EventSerdes serdes = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + SCOPE, Map.of()));
    private final EventDecoder decoder = new EventDecoder(serdes, List.of(topics.values(), topics.verdicts()));

    @AfterEach
    void close() {
        serdes.close();
        MockSchemaRegistry.dropScope(SCOPE);
    }

    private byte[] value() {
        return serdes.serializer(topics.values()).serialize(topics.values().name(), VALUE);
    }

    private EventRecord<?> decode(byte @Nullable [] key, byte @Nullable [] value) {
        return decoder.decode(new ConsumerRecord<>(topics.values().name(), 2, 9, key, value));
    }

    private void refuses(byte @Nullable [] key, byte @Nullable [] value, String reason) {
        assertThatThrownBy(() -> decode(key, value))
                .isInstanceOf(SerializationException.class)
                .satisfies(
                        e -> assertThat(e.toString() + LogException.reason(e)).contains(reason));
    }

    @Test
    void shouldSayWhereAnEventLiesWhenItReadsOne() {
        assertThat(decode(KEY, value()))
                .isEqualTo(new EventRecord<>(topics.values().name(), 2, 9, "r-1", VALUE));
        assertThat(decoder.topics())
                .containsExactlyInAnyOrder(
                        topics.values().name(), topics.verdicts().name());
    }

    @Test
    void shouldRefuseARecordWhenItsBytesAreNoEvent() {
        byte[] good = value();
        byte[] unknownId = good.clone();
        unknownId[1] = 0x7f;

        refuses(KEY, "not an event".getBytes(UTF_8), "a value that does not name its schema");
        refuses(KEY, unknownId, "can't be fetched");
        refuses(KEY, Arrays.copyOf(good, good.length - 4), "a value that is not an event of type Value");
        for (int length = 0; length < 5; length++) {
            refuses(KEY, Arrays.copyOf(good, length), "a value that does not name its schema");
        }
    }

    @Test
    void shouldRefuseARecordWhenKeyOrValueIsMissing() {
        refuses(KEY, null, "a record without a value");
        refuses(null, value(), "a record without a key");
    }

    @Test
    void shouldRefuseARecordWhenItIsAnotherTopicsEvent() {
        Verdict verdict = new Verdict(
                "r-1/0", "r-1", "exact", "1", VerdictStatus.CORRECT, 1.0, "3", "exact", Instant.EPOCH, Map.of(), false);
        byte[] bytes =
                serdes.serializer(topics.verdicts()).serialize(topics.verdicts().name(), verdict);

        refuses(KEY, bytes, "a value that is not an event of type Value");
    }

    @Test
    void shouldStopAndNotCallARecordBadWhenTheRegistryCannotBeReached() {
        byte[] good = value();
        try (EventSerdes unreachable = new EventSerdes(
                new KafkaSettings("unused:9092", "http://127.0.0.1:1", Map.of("max.retries", "0")), Duration.ZERO)) {
            EventDecoder stranded = new EventDecoder(unreachable, List.of(topics.values()));

            assertThatThrownBy(() ->
                            stranded.decode(new ConsumerRecord<>(topics.values().name(), 2, 9, KEY, good)))
                    .isInstanceOf(LogException.class)
                    .hasMessageStartingWith("the schema registry at http://127.0.0.1:1 can't be reached: ");
        }
    }
}
