package io.sppostream.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.confluent.kafka.schemaregistry.client.rest.Versions;
import io.confluent.kafka.schemaregistry.client.rest.entities.ErrorMessage;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP server that speaks the REST protocol of Confluent's schema registry, for Avro, so that Confluent's serdes and
 * tools work with it unchanged. It keeps its state on the topic {@code _schemas}, in the format of Confluent's server,
 * which can take over that topic. The compatibility level is FULL_TRANSITIVE unless a request sets another.
 * Thread-safe.
 */
public final class SchemaRegistry implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SchemaRegistry.class);

    static {
        // Otherwise an answer on a kept-alive connection waits 40 ms for the peer's delayed acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        // A client that sends slowly, or headers without end, must not hold a thread. A registered schema is small.
        setDefault("sun.net.httpserver.maxReqTime", "5");
        setDefault("sun.net.httpserver.maxRspTime", "30");
        setDefault("sun.net.httpserver.maxReqHeaders", "100");
        setDefault("sun.net.httpserver.maxReqHeaderSize", "32768");
        setDefault("jdk.httpserver.maxConnections", "500");
    }

    /** Most of them wait: for a slow client, or for the log. */
    private static final int THREADS = 8;

    private final HttpServer server;
    private final ExecutorService threads;
    private final SchemaLog schemaLog;
    private final RegistryApi api;
    private final RegistryDoor door;

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private SchemaRegistry(HttpServer server, SchemaLog schemaLog, String clusterId, ClusterSecret secret) {
        this.door = new RegistryDoor(server.getAddress().getPort(), secret);
        this.server = server;
        this.schemaLog = schemaLog;
        this.api = new RegistryApi(new SchemaStore(schemaLog), clusterId);
        AtomicInteger count = new AtomicInteger();
        this.threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "schema-registry-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /**
     * Reads the registered schemas and starts the server.
     *
     * @param bootstrapServers the broker with the topic {@code _schemas}; this must be its only registry
     * @param port on 127.0.0.1, 0 for a free one
     * @param secret of the broker; requests that change something must have it
     * @param secured gives the server TLS; null for plain HTTP
     * @throws EmbeddedException if the port is taken or the topic cannot be read
     */
    static SchemaRegistry start(
            String bootstrapServers, int port, ClusterSecret secret, @Nullable SecuredListener secured) {
        HttpServer server = bind(port, secured);
        try {
            KafkaSchemaLog schemaLog = KafkaSchemaLog.open(bootstrapServers, secret);
            try {
                return new SchemaRegistry(server, schemaLog, schemaLog.clusterId(), secret);
            } catch (RuntimeException e) {
                schemaLog.close();
                throw e;
            }
        } catch (RuntimeException e) {
            server.stop(0);
            throw e;
        }
    }

    /**
     * Registers schemas with a registry in memory, over HTTP. The first registrations take half a second, since classes
     * are loaded and compiled, and can be done while the broker starts.
     */
    static void warmUp() {
        SchemaLog nowhere = new SchemaLog() {
            @Override
            public void replay(Consumer<RegistryRecord> reader) {}

            @Override
            public void append(List<RegistryRecord> records) {
                records.forEach(RegistryRecordCodec::encode);
            }

            @Override
            public void close() {}
        };
        ClusterSecret secret = ClusterSecret.random();
        try (SchemaRegistry registry = start(nowhere, 0, secret);
                EventSerdes serdes =
                        new EventSerdes(new KafkaSettings("none", registry.url(), secret.registryClient()))) {
            serdes.register(new Topics("warm-up", 1));
        }
    }

    /** A server over any log. */
    static SchemaRegistry start(SchemaLog schemaLog, int port, ClusterSecret secret) {
        return new SchemaRegistry(bind(port, null), schemaLog, "none", secret);
    }

    private static HttpServer bind(int port, @Nullable SecuredListener secured) {
        try {
            if (secured == null) {
                return HttpServer.create(Ports.address(port), 0);
            }
            HttpsServer server = HttpsServer.create(Ports.address(port), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(secured.sslContext()));
            return server;
        } catch (IOException e) {
            throw Ports.inUse("registry port", port);
        }
    }

    /** {@code http://host:port}, or {@code https}, for {@code schema.registry.url}. */
    public String url() {
        return (server instanceof HttpsServer ? "https://" : "http://") + Ports.HOST + ":"
                + server.getAddress().getPort();
    }

    /** Stops the server; registered schemas stay on the topic. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
        schemaLog.close();
    }

    private void handle(HttpExchange exchange) throws IOException {
        int status = 200;
        byte[] body;
        try {
            door.check(exchange.getRequestHeaders());
            RegistryRequest request = RegistryRequest.of(exchange);
            if (RegistryApi.changes(request)) {
                door.checkSecret(exchange.getRequestHeaders());
            }
            Object answer = api.answer(request);
            body = answer instanceof RegistryApi.RawJson raw
                    ? raw.text().getBytes(StandardCharsets.UTF_8)
                    : JacksonMapper.INSTANCE.writeValueAsBytes(answer);
        } catch (RegistryError e) {
            status = e.status();
            body = JacksonMapper.INSTANCE.writeValueAsBytes(new ErrorMessage(e.code(), e.getMessage()));
        } catch (RuntimeException e) {
            log.error("the registry failed on {} {}", exchange.getRequestMethod(), exchange.getRequestURI(), e);
            status = 500;
            body = JacksonMapper.INSTANCE.writeValueAsBytes(new ErrorMessage(500, "Internal Server Error: " + e));
        }
        exchange.getResponseHeaders().set("Content-Type", Versions.SCHEMA_REGISTRY_V1_JSON);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }
        exchange.close();
    }
}
