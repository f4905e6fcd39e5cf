package io.sppostream.embedded;

import com.sun.net.httpserver.HttpExchange;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import io.confluent.kafka.schemaregistry.client.rest.entities.requests.RegisterSchemaRequest;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One HTTP request to the registry, decoded.
 *
 * @param method GET for HEAD too
 * @param path decoded segments of the path
 * @param query decoded parameters of the query
 * @param body the body, in UTF-8
 */
record RegistryRequest(String method, List<String> path, Map<String, String> query, String body) {
    private static final int MAX_BODY_BYTES = 4 << 20;

    /**
     * Reads a request.
     *
     * @throws RegistryError if it is malformed or too long
     */
    static RegistryRequest of(HttpExchange exchange) throws IOException {
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
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) {
            throw RegistryError.tooLarge("the body is longer than " + MAX_BODY_BYTES + " bytes");
        }
        String method = exchange.getRequestMethod();
        return new RegistryRequest(
                method.equals("HEAD") ? "GET" : method, path, query, new String(body, StandardCharsets.UTF_8));
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw RegistryError.malformed(text + " is not URL encoded: " + e.getMessage());
        }
    }

    /** Whether a parameter of the query is {@code true}. */
    boolean is(String name) {
        return "true".equalsIgnoreCase(query.get(name));
    }

    /** A parameter of the query; empty if it is missing. */
    String text(String name) {
        return query.getOrDefault(name, "");
    }

    /** A segment of the path; empty if the path is shorter. */
    String segment(int i) {
        return i < path.size() ? path.get(i) : "";
    }

    /** The method and the path, with {@code *} in place of names and numbers. */
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

    /** The schema id in the path. */
    int id() {
        try {
            return Integer.parseInt(segment(2));
        } catch (NumberFormatException e) {
            throw RegistryError.notFound();
        }
    }

    /** The version in a segment of the path, or {@link SchemaStore#LATEST}. */
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
            // Refused below, like a number that is not a version.
        }
        throw RegistryError.invalidVersion(text);
    }

    /** The body as a type of Confluent's client. */
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

    /** The name of the subject in the path; empty if it has none. */
    String subject() {
        return segment(segment(0).equals("compatibility") ? 2 : 1);
    }

    /** The schema in the body, under the subject in the path. */
    Schema schema() {
        return new Schema(subject(), body(RegisterSchemaRequest.class));
    }
}
