package io.sppostream.observe;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What waits in the join, over the partitions of this process. Thread-safe. */
final class JoinGauges {
    /**
     * What waits in a partition.
     *
     * @param since when the first rollout arrived, by {@link System#nanoTime}
     */
    private record Waiting(long rollouts, long since) {}

    private final Map<Integer, Waiting> partitions = new ConcurrentHashMap<>();

    void register(MeterRegistry registry) {
        Gauge.builder("sppo.join.pending", this, JoinGauges::rollouts)
                .description("Rollouts that wait in the join for verdicts, values or the rest of their group.")
                .strongReference(true)
                .register(registry);
        Gauge.builder("sppo.join.oldest", this, JoinGauges::oldestSeconds)
                .description("How long the first of them has waited.")
                .baseUnit("seconds")
                .strongReference(true)
                .register(registry);
    }

    void set(int partition, long rollouts, Duration oldest) {
        if (rollouts == 0) {
            partitions.remove(partition);
        } else {
            partitions.put(partition, new Waiting(rollouts, System.nanoTime() - oldest.toNanos()));
        }
    }

    double rollouts() {
        return partitions.values().stream().mapToLong(Waiting::rollouts).sum();
    }

    double oldestSeconds() {
        long now = System.nanoTime();
        return partitions.values().stream()
                        .mapToLong(waiting -> now - waiting.since())
                        .max()
                        .orElse(0)
                / 1e9;
    }
}
