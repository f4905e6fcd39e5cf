package io.sppostream.verify;

import io.sppostream.log.Redactor;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service that judges, and how to call it.
 *
 * @param url receives the POST requests of {@link HttpCalls}
 * @param authorization value of the Authorization header, a secret; null for none
 * @param settings sent with every rollout
 */
public record HttpService(URI url, @Nullable String authorization, Map<String, String> settings) {
    public HttpService {
        settings = Map.copyOf(settings);
        if (!("http".equals(url.getScheme()) || "https".equals(url.getScheme())) || url.getHost() == null) {
            throw new IllegalArgumentException(
                    "url '" + Redactor.text(url.toString()) + "' is not the address of an HTTP service");
        }
    }

    @Override
    public String toString() {
        return Redactor.text(url.toString());
    }
}
