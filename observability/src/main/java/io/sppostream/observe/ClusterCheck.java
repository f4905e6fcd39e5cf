package io.sppostream.observe;

import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.Redactor;
import io.sppostream.log.loop.Readiness;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.jspecify.annotations.Nullable;

/** Whether the brokers and the registry answer. It asks at most every few seconds, however often it is asked. Thread-safe. */
final class ClusterCheck implements AutoCloseable {
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final int ANSWER_MS = 2_000;

    private final Admin admin;
    private final EventSerdes serdes;
    private @Nullable Map<String, Readiness> last;
    private long askedAt;

    ClusterCheck(KafkaSettings kafka, EventSerdes serdes) {
        this.admin = kafka.clients().admin(kafka.admin());
        this.serdes = serdes;
    }

    synchronized Map<String, Readiness> readiness() {
        if (last == null || System.nanoTime() - askedAt > FRESH_NANOS) {
            Map<String, Readiness> now = new TreeMap<>();
            now.put("kafka", kafka());
            now.put("registry", registry());
            last = now;
            askedAt = System.nanoTime();
        }
        return last;
    }

    private Readiness kafka() {
        try {
            int brokers = admin.describeCluster(new DescribeClusterOptions().timeoutMs(ANSWER_MS))
                    .nodes()
                    .get(2L * ANSWER_MS, TimeUnit.MILLISECONDS)
                    .size();
            return new Readiness(true, "brokers: " + brokers);
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            return new Readiness(false, "the brokers do not answer: " + Redactor.text(LogException.reason(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Readiness(false, "interrupted");
        }
    }

    private Readiness registry() {
        try {
            serdes.requireRegistry();
            return new Readiness(true, "reachable");
        } catch (IOException | RuntimeException e) {
            return new Readiness(false, "the registry does not answer: " + Redactor.text(LogException.reason(e)));
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
