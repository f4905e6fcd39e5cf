package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.sppostream.events.Value;
import java.time.Instant;
import java.util.Map;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventSerdesTest {
    private static final String SCOPE = "event-serdes";

    private final Topics topics = new Topics("test", 1);
    private final EventSerdes serdes = new EventSerdes(new KafkaSettings("unused:9092", "mock://" + SCOPE, Map.of()));

    @AfterEach
    void close() {
        serdes.close();
        MockSchemaRegistry.dropScope(SCOPE);
    }

    @Test
    void shouldReadWhatItWroteWhenAnEventMakesTheRoundTrip() {
        Topic<Value> topic = topics.values();
        Value value = new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH);

        byte[] bytes = serdes.serializer(topic).serialize(topic.name(), value);

        assertThat(serdes.deserializer(topic).deserialize(topic.name(), bytes)).isEqualTo(value);
    }

    @Test
    void shouldRegisterOneVersionWhenATopicIsRegisteredAndWrittenTo() throws Exception {
        Topic<Value> topic = topics.values();

        serdes.register(topics);
        serdes.serializer(topic).serialize(topic.name(), new Value("r-1", 5, "00", -1.1f, 0.25, null, Instant.EPOCH));

        assertThat(MockSchemaRegistry.getClientForScope(SCOPE).getAllVersions(topic.name() + "-value"))
                .containsExactly(1);
    }

    @Test
    void shouldRefuseARecordWhenItHasNoValue() {
        Topic<Value> topic = topics.values();

        assertThatThrownBy(() -> serdes.deserializer(topic).deserialize(topic.name(), null))
                .isInstanceOf(SerializationException.class)
                .hasMessage("a record without a value, where a Value belongs");
    }
}
