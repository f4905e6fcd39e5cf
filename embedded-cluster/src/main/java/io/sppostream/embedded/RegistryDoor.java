package io.sppostream.embedded;

import com.sun.net.httpserver.Headers;
import java.util.Set;

/**
 * Who may use the registry. Its port is open on the loopback interface only, but a browser on this machine sends there
 * what a foreign page asks for, and other users can connect. Requests for a foreign host (DNS rebinding) or from a foreign
 * page are refused, and only those with the cluster's secret change anything. Immutable.
 */
final class RegistryDoor {
    private final Set<String> hosts;
    private final Set<String> origins;
    private final ClusterSecret secret;

    RegistryDoor(int port, ClusterSecret secret) {
        this.hosts = Set.of("127.0.0.1:" + port, "localhost:" + port);
        this.origins = Set.of("http://127.0.0.1:" + port, "http://localhost:" + port);
        this.secret = secret;
    }

    /** @throws RegistryError if the request is not meant for this server, or comes from a foreign page */
    void check(Headers headers) {
        String host = headers.getFirst("Host");
        if (host == null || !hosts.contains(host)) {
            throw RegistryError.forbidden("this registry serves clients on its own machine only, at "
                    + String.join(" or ", hosts.stream().sorted().toList()));
        }
        String origin = headers.getFirst("Origin");
        if (origin != null && !origins.contains(origin)) {
            throw RegistryError.forbidden("this registry does not serve web pages of other origins");
        }
    }

    /** @throws RegistryError if the request has not the cluster's secret */
    void checkSecret(Headers headers) {
        String authorization = headers.getFirst("Authorization");
        if (authorization == null || !secret.isIn(authorization)) {
            throw RegistryError.unauthorized(
                    "schemas are changed with the credentials in client.properties of the data" + " directory only");
        }
    }
}
