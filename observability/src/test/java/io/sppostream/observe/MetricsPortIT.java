package io.sppostream.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sppostream.log.LogObserver;
import io.sppostream.log.UserException;
import io.sppostream.log.loop.Readiness;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The port without a cluster. */
class MetricsPortIT {
    private static final String HOST = "127.0.0.1";

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void shouldAnswerProbesAndScrapes() throws Exception {
        int port = freePort();
        try (Observability process = Observability.open(HOST, port, "tried")) {
            assertThat(get(port, "/health/live").statusCode()).isEqualTo(200);
            assertThat(get(port, "/health/ready").statusCode()).isEqualTo(503);

            process.checkRoles(() -> Map.of("feed", new Readiness(true, "releasing prompts")));

            HttpResponse<String> ready = get(port, "/health/ready");
            assertThat(ready.statusCode()).isEqualTo(200);
            assertThat(ready.headers().firstValue("Content-Type")).contains("application/json");
            HttpResponse<String> metrics = get(port, "/metrics");
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(metrics.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
            assertThat(metrics.body())
                    .contains("sppo_rollouts_total{run=\"tried\"} 0.0")
                    .contains("jvm_memory_used_bytes{");
            assertThat(get(port, "/").statusCode()).isEqualTo(404);
            assertThat(get(port, "/metrics/more").statusCode()).isEqualTo(404);
            assertThat(client.send(
                                    HttpRequest.newBuilder(uri(port, "/metrics"))
                                            .POST(HttpRequest.BodyPublishers.noBody())
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isEqualTo(405);

            process.failed();

            assertThat(get(port, "/health/live").statusCode()).isEqualTo(503);
        }
    }

    @Test
    void shouldNameASettingWhenThePortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatExceptionOfType(UserException.class)
                    .isThrownBy(() -> Observability.open(HOST, taken.getLocalPort(), "tried"))
                    .withMessageContaining("port " + taken.getLocalPort() + " of 127.0.0.1")
                    .withMessageContaining("metrics.port");
        }
    }

    @Test
    void shouldOpenNoPortWhenNoneIsGiven() {
        try (Observability process = Observability.open(HOST, 0, "tried")) {
            assertThat(process.observer()).isSameAs(LogObserver.NONE);
        }
    }

    private HttpResponse<String> get(int port, String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(port, path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static URI uri(int port, String path) {
        return URI.create("http://" + HOST + ":" + port + path);
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
