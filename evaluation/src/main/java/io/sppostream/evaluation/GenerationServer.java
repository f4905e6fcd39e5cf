package io.sppostream.evaluation;

import io.sppostream.log.UserException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A server that generates, and how to call it.
 *
 * @param base address of its API in the style of OpenAI, which ends with {@code /v1}
 * @param model the server's name of the model; null to ask for it
 * @param apiKey sent as a bearer token, a secret; null for none
 * @param concurrency most requests in flight
 * @param attempts most attempts at one request
 * @param backoff wait before the second attempt; doubled for each later one
 * @param timeout most time for one attempt
 */
public record GenerationServer(
        URI base,
        @Nullable String model,
        @Nullable String apiKey,
        int concurrency,
        int attempts,
        Duration backoff,
        Duration timeout) {

    /**
     * A server with the usual number of attempts.
     *
     * @param url its address, with or without {@code /v1}
     * @throws UserException if that is not the address of an HTTP server
     */
    public static GenerationServer of(
            String url, @Nullable String model, @Nullable String apiKey, int concurrency, Duration timeout) {
        String trimmed = url.replaceAll("/+$", "");
        URI base;
        try {
            base = URI.create(trimmed.endsWith("/v1") ? trimmed : trimmed + "/v1");
        } catch (IllegalArgumentException e) {
            throw new UserException("--server: '" + url + "' is not the address of an HTTP server");
        }
        if (!("http".equals(base.getScheme()) || "https".equals(base.getScheme())) || base.getHost() == null) {
            throw new UserException("--server: '" + url + "' is not the address of an HTTP server");
        }
        return new GenerationServer(base, model, apiKey, concurrency, 6, Duration.ofSeconds(1), timeout);
    }

    @Override
    public String toString() {
        return base.toString();
    }
}
