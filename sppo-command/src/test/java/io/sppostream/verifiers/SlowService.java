package io.sppostream.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/** A judge behind HTTP that does not answer at once, and compares by equality. */
final class SlowService implements AutoCloseable {
    static {
        // Java's server writes head and body apart, which costs 40 ms an answer where the network waits for more.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExecutorService threads = Executors.newFixedThreadPool(8);
    private final ExecutorService timer;
    private final AtomicInteger requests = new AtomicInteger();
    private final HttpServer server;

    /**
     * A service that takes the same time for each request.
     *
     * @param status its answer to a request, by how many there were before
     */
    static SlowService taking(Duration time, IntUnaryOperator status) throws IOException {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        return new SlowService(answer -> timer.schedule(answer, time.toMillis(), TimeUnit.MILLISECONDS), status, timer);
    }

    /** A service that judges requests when a crowd lets them pass. */
    static SlowService behind(Crowd crowd) throws IOException {
        return new SlowService(crowd::arrive, request -> 200, Executors.newSingleThreadExecutor());
    }

    private SlowService(Consumer<Runnable> when, IntUnaryOperator status, ExecutorService timer) throws IOException {
        this.timer = timer;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            byte[] question = exchange.getRequestBody().readAllBytes();
            int code = status.applyAsInt(requests.getAndIncrement());
            when.accept(() -> threads.execute(() -> answer(exchange, code, question)));
        });
        server.start();
    }

    private static void answer(HttpExchange exchange, int code, byte[] question) {
        try (exchange) {
            ArrayNode answers = JSON.createArrayNode();
            for (JsonNode one : JSON.readTree(question)) {
                boolean equal = one.get("response").equals(one.get("reference"));
                answers.addObject()
                        .put("rolloutId", one.get("rolloutId").asText())
                        .put("status", equal ? "CORRECT" : "INCORRECT")
                        .put("reward", equal ? 1 : 0)
                        .put("extracted", one.get("response").asText())
                        .put("rule", "equal");
            }
            byte[] body = answers.toString().getBytes(UTF_8);
            exchange.sendResponseHeaders(code, body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    int requests() {
        return requests.get();
    }

    @Override
    public void close() {
        server.stop(0);
        timer.shutdownNow();
        threads.shutdownNow();
    }
}
