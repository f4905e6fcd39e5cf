package io.sppostream.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import io.sppostream.log.UserException;
import io.sppostream.log.loop.Readiness;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The port of a process that is observed. Thread-safe. */
final class ObservedProcess implements Observability {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String JSON = "application/json";
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Health health = new Health();
    private final ScheduledExecutorService refresh =
            Executors.newSingleThreadScheduledExecutor(ObservedProcess::daemon);
    private final ExecutorService answers = Executors.newFixedThreadPool(2, ObservedProcess::daemon);
    private final HttpServer server;
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final LogObserver observer;
    private @Nullable ClusterCheck cluster;

    private ObservedProcess(HttpServer server, String run) {
        this.server = server;
        registry.config().commonTags("run", run);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        gc.bindTo(registry);
        this.observer = new RunMeters(registry, refresh);
        server.createContext("/", exchange -> answer(exchange, NOT_FOUND, JSON, """
                {"paths": ["/health/live", "/health/ready", "/metrics"]}
                """));
        context("/health/live", exchange -> answer(exchange, health.live()));
        context("/health/ready", exchange -> answer(exchange, health.ready()));
        context("/metrics", exchange -> answer(exchange, 200, TEXT, registry.scrape()));
        server.setExecutor(answers);
        server.start();
    }

    /** Opens the port, before anything else is started. */
    static ObservedProcess open(String host, int port, String run) {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UserException("metrics.host: there is no host '" + host + "'");
        }
        try {
            return new ObservedProcess(HttpServer.create(address, 0), run);
        } catch (IOException e) {
            throw new UserException("port " + port + " of " + host + " can't be opened for metrics: " + e.getMessage()
                    + "; choose another with metrics.port, or 0 for none");
        }
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "metrics");
        thread.setDaemon(true);
        return thread;
    }

    /** Answers a page to GET and HEAD. */
    private void context(String path, Page page) {
        server.createContext(path, exchange -> {
            String method = exchange.getRequestMethod();
            if (!exchange.getRequestURI().getPath().equals(path)) {
                answer(exchange, NOT_FOUND, JSON, "{}\n");
            } else if (!method.equals("GET") && !method.equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                answer(exchange, NOT_ALLOWED, JSON, "{}\n");
            } else {
                page.answer(exchange);
            }
        });
    }

    @FunctionalInterface
    private interface Page {
        void answer(HttpExchange exchange) throws IOException;
    }

    private static void answer(HttpExchange exchange, Health.Answer answer) throws IOException {
        answer(exchange, answer.status(), JSON, answer.json());
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            byte[] bytes = body.getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
            if (!head) {
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(bytes);
                }
            }
        }
    }

    @Override
    public LogObserver observer() {
        return observer;
    }

    @Override
    public KafkaSettings observed(KafkaSettings kafka) {
        return new KafkaSettings(
                kafka.bootstrapServers(),
                kafka.schemaRegistryUrl(),
                kafka.properties(),
                new MeteredClients(registry, refresh));
    }

    @Override
    public synchronized void checkCluster(KafkaSettings kafka, EventSerdes serdes) {
        ClusterCheck check = new ClusterCheck(kafka, serdes);
        cluster = check;
        health.check("cluster", check::readiness);
    }

    @Override
    public synchronized void leaveCluster() {
        health.check("cluster", () -> Map.of("kafka", new Readiness(false, "stopping")));
        if (cluster != null) {
            cluster.close();
            cluster = null;
        }
    }

    @Override
    public void checkRoles(Supplier<Map<String, Readiness>> readiness) {
        health.check("roles", readiness);
    }

    @Override
    public void failed() {
        health.fail();
    }

    @Override
    public synchronized void close() {
        server.stop(0);
        answers.shutdownNow();
        refresh.shutdownNow();
        leaveCluster();
        gc.close();
        registry.close();
    }
}
