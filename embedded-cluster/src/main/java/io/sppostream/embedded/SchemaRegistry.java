package io.sppostream.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.confluent.kafka.schemaregistry.CompatibilityLevel;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.rest.Versions;
import io.confluent.kafka.schemaregistry.client.rest.entities.Config;
import io.confluent.kafka.schemaregistry.client.rest.entities.ErrorMessage;
import io.confluent.kafka.schemaregistry.client.rest.entities.Mode;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaString;
import io.confluent.kafka.schemaregistry.client.rest.entities.ServerClusterId;
import io.confluent.kafka.schemaregistry.client.rest.entities.SubjectVersion;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.CompatibilityCheckResponse;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.ConfigUpdateRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaRequest;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaResponse;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A schema registry that speaks the REST protocol of Confluent's, for Avro, so that Confluent's serdes and tools work
 * against it unchanged. Its state is the topic {@code _schemas}; Confluent's server started on that topic goes on where
 * this one stopped. The compatibility level is FULL_TRANSITIVE unless a request sets another.
 */
public final class SchemaRegistry implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SchemaRegistry.class);

    static {
        // Without it a keep-alive answer waits 40 ms for the peer's delayed acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final String READ_WRITE = "READWRITE";
    private static final int THREADS = 2;
    private static final int MAX_REQUEST_BYTES = 16 << 20;

    private final HttpServer server;
    private final ExecutorService threads;
    private final SchemaLog schemaLog;
    private final SchemaStore store;
    private final String clusterId;

    private SchemaRegistry(HttpServer server, SchemaLog schemaLog, String clusterId) {
        this.server = server;
        this.schemaLog = schemaLog;
        this.store = new SchemaStore(schemaLog);
        this.clusterId = clusterId;
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
     * Reads what is registered and serves it.
     *
     * @param bootstrapServers the broker that keeps {@code _schemas}, of which this must be the only registry
     * @param port on 127.0.0.1, 0 for a free one
     * @throws EmbeddedException if the port is taken or the topic can't be read
     */
    public static SchemaRegistry start(String bootstrapServers, int port) {
        HttpServer server = bind(port);
        try {
            KafkaSchemaLog schemaLog = KafkaSchemaLog.open(bootstrapServers);
            try {
                return new SchemaRegistry(server, schemaLog, schemaLog.clusterId());
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
     * Loads the classes that the first registration needs, Avro's, Jackson's and Confluent's: a third of a second that
     * can pass while the broker starts.
     */
    static void warmUp() {
        SchemaStore store = new SchemaStore(new SchemaLog() {
            @Override
            public void replay(Consumer<RegistryRecord> reader) {}

            @Override
            public void append(List<RegistryRecord> records) {
                records.forEach(RegistryRecordCodec::encode);
            }

            @Override
            public void close() {}
        });
        store.register("warm-up", new Schema("warm-up", 0, 0, AvroSchema.TYPE, List.of(), "\"null\""), false);
    }

    /** Over any log. */
    static SchemaRegistry start(SchemaLog schemaLog, int port) {
        return new SchemaRegistry(bind(port), schemaLog, "none");
    }

    private static HttpServer bind(int port) {
        try {
            return HttpServer.create(Ports.address(port), 0);
        } catch (IOException e) {
            throw Ports.inUse("registry port", port);
        }
    }

    /** {@code http://host:port}, for {@code schema.registry.url}. */
    public String url() {
        return "http://" + Ports.HOST + ":" + server.getAddress().getPort();
    }

    /** Stops serving; what is registered is on its topic. */
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
            Object answer = answer(Request.of(exchange));
            body = answer instanceof RawJson raw
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

    /** An answer that is JSON already. */
    private record RawJson(String text) {}

    /** One request taken apart: the decoded segments of its path, its query, and its body. */
    private record Request(String method, List<String> path, Map<String, String> query, String body) {
        static Request of(HttpExchange exchange) throws IOException {
            List<String> path = new ArrayList<>();
            for (String segment : exchange.getRequestURI().getRawPath().split("/", -1)) {
                if (!segment.isEmpty()) {
                    path.add(decode(segment.replace("+", "%2B")));
                }
            }
            Map<String, String> query = new HashMap<>();
            String raw = exchange.getRequestURI().getRawQuery();
            for (String pair : raw == null ? new String[0] : raw.split("&", -1)) {
                int equals = pair.indexOf('=');
                query.put(
                        decode(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
            byte[] body = exchange.getRequestBody().readNBytes(MAX_REQUEST_BYTES + 1);
            if (body.length > MAX_REQUEST_BYTES) {
                throw RegistryError.malformed("the request is longer than " + MAX_REQUEST_BYTES + " bytes");
            }
            String method = exchange.getRequestMethod();
            return new Request(
                    method.equals("HEAD") ? "GET" : method, path, query, new String(body, StandardCharsets.UTF_8));
        }

        private static String decode(String text) {
            try {
                return URLDecoder.decode(text, StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw RegistryError.malformed(text + " is not URL encoded: " + e.getMessage());
            }
        }

        boolean is(String name) {
            return "true".equalsIgnoreCase(query.get(name));
        }

        String text(String name) {
            return query.getOrDefault(name, "");
        }

        String segment(int i) {
            return i < path.size() ? path.get(i) : "";
        }

        /** Which resource it is: the path with {@code *} where names and numbers are. */
        String shape() {
            StringBuilder shape = new StringBuilder(method);
            for (int i = 0; i < path.size(); i++) {
                String s = path.get(i);
                shape.append('/').append(isName(i) ? "*" : s);
            }
            return shape.toString();
        }

        private boolean isName(int i) {
            return switch (segment(0)) {
                case "subjects" -> i == 1 || i == 3;
                case "schemas" -> i == 2;
                case "compatibility" -> i == 2 || i == 4;
                case "config", "mode" -> i == 1;
                default -> false;
            };
        }

        int id() {
            try {
                return Integer.parseInt(segment(2));
            } catch (NumberFormatException e) {
                throw RegistryError.notFound();
            }
        }

        int version(int i) {
            String text = segment(i);
            if (text.equals("latest")) {
                return SchemaStore.LATEST;
            }
            try {
                int version = Integer.parseInt(text);
                if (version > 0 || version == SchemaStore.LATEST) {
                    return version;
                }
            } catch (NumberFormatException e) {
                // Answered below, like a number that is none.
            }
            throw RegistryError.invalidVersion(text);
        }

        <T> T body(Class<T> type) {
            try {
                T value = JacksonMapper.INSTANCE.readValue(body, type);
                if (value != null) {
                    return value;
                }
            } catch (IOException e) {
                throw RegistryError.malformed("the request's body can't be read: "
                        + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            }
            throw RegistryError.malformed("the request has no body");
        }

        Schema schema() {
            return new Schema(segment(path.get(0).equals("compatibility") ? 2 : 1), body(RegisterSchemaRequest.class));
        }
    }

    private Object answer(Request r) {
        String subject = r.segment(r.segment(0).equals("compatibility") ? 2 : 1);
        boolean deleted = r.is("deleted");
        boolean normalize = r.is("normalize");
        boolean permanent = r.is("permanent");
        return switch (r.shape()) {
            case "GET" -> Map.of();
            case "GET/subjects" -> store.subjects(r.text("subjectPrefix"), deleted);
            case "POST/subjects/*" -> store.lookUp(subject, r.schema(), normalize, deleted);
            case "DELETE/subjects/*" -> store.deleteSubject(subject, permanent);
            case "GET/subjects/*/versions" -> store.versions(subject, deleted);
            case "POST/subjects/*/versions" ->
                new RegisterSchemaResponse(store.register(requireName(subject), r.schema(), normalize)
                        .getId());
            case "GET/subjects/*/versions/*" -> store.version(subject, r.version(3), deleted);
            case "DELETE/subjects/*/versions/*" -> store.deleteVersion(subject, r.version(3), permanent);
            case "GET/subjects/*/versions/*/schema" ->
                new RawJson(store.version(subject, r.version(3), deleted).getSchema());
            case "GET/subjects/*/versions/*/referencedby" -> store.referrers(subject, r.version(3));
            case "GET/schemas" -> store.schemas(r.text("subjectPrefix"), deleted, r.is("latestOnly"));
            case "GET/schemas/types" -> List.of(AvroSchema.TYPE);
            case "GET/schemas/ids/*" -> schemaString(r);
            case "GET/schemas/ids/*/schema" -> new RawJson(store.byId(r.id()).getSchema());
            case "GET/schemas/ids/*/versions" -> store.uses(r.id(), deleted);
            case "GET/schemas/ids/*/subjects" ->
                store.uses(r.id(), deleted).stream()
                        .map(SubjectVersion::getSubject)
                        .distinct()
                        .toList();
            case "POST/compatibility/subjects/*/versions" -> compatibility(r, subject, null);
            case "POST/compatibility/subjects/*/versions/*" -> compatibility(r, subject, r.version(4));
            case "GET/config" -> new Config(store.globalLevel().name);
            case "PUT/config" -> setLevel(null, r.body(ConfigUpdateRequest.class));
            case "DELETE/config" -> deleteLevel(null, store.globalLevel());
            case "GET/config/*" ->
                new Config(store.subjectLevel(subject)
                        .or(() -> globalIfAsked(r))
                        .orElseThrow(() -> RegistryError.compatibilityNotConfigured(subject))
                        .name);
            case "PUT/config/*" -> setLevel(requireName(subject), r.body(ConfigUpdateRequest.class));
            case "DELETE/config/*" ->
                deleteLevel(
                        subject, store.subjectLevel(subject).orElseThrow(() -> RegistryError.subjectNotFound(subject)));
            case "GET/mode" -> new Mode(READ_WRITE);
            case "GET/mode/*" -> {
                if (!r.is("defaultToGlobal")) {
                    throw RegistryError.modeNotConfigured(subject);
                }
                yield new Mode(READ_WRITE);
            }
            case "PUT/mode", "PUT/mode/*", "DELETE/mode/*" ->
                throw RegistryError.operationNotPermitted("The embedded registry has one mode, " + READ_WRITE);
            case "GET/v1/metadata/id" -> ServerClusterId.of(clusterId, "schema-registry");
            default -> throw RegistryError.notFound();
        };
    }

    private static String requireName(String subject) {
        if (subject.isBlank() || subject.chars().anyMatch(Character::isISOControl)) {
            throw RegistryError.invalidSubject(subject);
        }
        return subject;
    }

    private SchemaString schemaString(Request r) {
        SchemaString answer = new SchemaString(store.byId(r.id()));
        if (r.is("fetchMaxId")) {
            answer.setMaxId(store.lastId());
        }
        return answer;
    }

    private CompatibilityCheckResponse compatibility(Request r, String subject, @Nullable Integer version) {
        List<String> differences = store.differences(subject, version, r.schema(), r.is("normalize"));
        CompatibilityCheckResponse answer = new CompatibilityCheckResponse();
        answer.setIsCompatible(differences.isEmpty());
        if (r.is("verbose")) {
            answer.setMessages(differences);
        }
        return answer;
    }

    private Optional<CompatibilityLevel> globalIfAsked(Request r) {
        return r.is("defaultToGlobal") ? Optional.of(store.globalLevel()) : Optional.empty();
    }

    private ConfigUpdateRequest setLevel(@Nullable String subject, ConfigUpdateRequest request) {
        CompatibilityLevel level = CompatibilityLevel.forName(request.getCompatibilityLevel());
        if (level == null) {
            throw RegistryError.invalidCompatibility(request.getCompatibilityLevel());
        }
        store.setLevel(subject, level);
        return request;
    }

    private Config deleteLevel(@Nullable String subject, CompatibilityLevel old) {
        store.setLevel(subject, null);
        return new Config(old.name);
    }
}
