package io.sppostream.embedded;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/** Bare HTTP, as curl would send it. */
final class Http {
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Http() {}

    static HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return send("GET", url, "");
    }

    static HttpResponse<String> send(String method, String url, String body) throws IOException, InterruptedException {
        return send(method, url, body, Map.of());
    }

    /** @param client properties of a registry client with {@code basic.auth.user.info}; empty for none */
    static HttpResponse<String> send(String method, String url, String body, Map<String, String> client)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (client.containsKey("basic.auth.user.info")) {
            request.header(
                    "Authorization",
                    "Basic "
                            + Base64.getEncoder()
                                    .encodeToString(client.getOrDefault("basic.auth.user.info", "")
                                            .getBytes(StandardCharsets.UTF_8)));
        }
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }
}
