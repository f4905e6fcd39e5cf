package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.sppostream.events.Value;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RegistryClientTest {

    @Test
    void shouldRememberASchemaOnceHoweverManyRecordsItWrites() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        HttpServer registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        registry.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] body = "{\"id\":7}".getBytes(UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        registry.start();
        String url = "http://127.0.0.1:" + registry.getAddress().getPort();
        try (RegistryClient client = new RegistryClient(url, List.of(new AvroSchemaProvider()), Map.of());
                KafkaAvroSerializer serializer = new KafkaAvroSerializer(client, Map.of("schema.registry.url", url))) {
            for (int i = 0; i < 100; i++) {
                serializer.serialize("a-topic", new Value("r-" + i, 0, "00", 0f, 0.5, null, Instant.EPOCH, null, null));
            }

            assertThat(client.remembered()).isEqualTo(1);
            assertThat(requests).hasValue(1);
        } finally {
            registry.stop(0);
        }
    }
}
