package io.sppostream.run;

import com.sun.management.OperatingSystemMXBean;
import io.sppostream.events.catalogue.RoleName;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Processor time by role, from the creation of this object: of a role's threads, whose names contain the role's, of the
 * broker's process, and of the rest of this process (compilation, garbage collection). The caller samples it repeatedly,
 * since the times of a thread that has ended are lost. For one thread.
 */
final class CpuTimes {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

    private static final List<String> ROLES = List.of(
            RoleName.FEED,
            RoleName.ROLLOUT_PRODUCER,
            RoleName.REWARD_VERIFIER,
            RoleName.CRITIC,
            RoleName.CRITIC_SCORER,
            RoleName.ADVANTAGE_STREAM,
            RoleName.POLICY_LEARNER,
            RoleName.EVALUATOR);

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<Long, String> roles = new HashMap<>();
    private final Map<Long, Long> nanos = new HashMap<>();
    private final long before = process.getProcessCpuTime();
    private Duration broker = Duration.ZERO;
    private long sampledAt = System.nanoTime();

    /** Reads the times of all live threads, if a second has passed since the last time: it takes a millisecond. */
    void sampleNowAndThen() {
        if (System.nanoTime() - sampledAt >= INTERVAL_NANOS) {
            sample();
        }
    }

    /** Reads the times of all live threads. */
    void sample() {
        sampledAt = System.nanoTime();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null) {
                long time = threads.getThreadCpuTime(thread.getThreadId());
                nanos.merge(thread.getThreadId(), time, Math::max);
                roles.putIfAbsent(thread.getThreadId(), role(thread.getThreadName()));
            }
        }
        broker = ProcessHandle.current()
                .children()
                .map(child -> child.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** The role of a thread. Its name may begin with that of the run, which may contain the name of a role. */
    static String role(String threadName) {
        return ROLES.stream()
                .filter(threadName::contains)
                // Of two that begin at the same place, one begins with the other.
                .max(Comparator.<String>comparingInt(threadName::lastIndexOf).thenComparingInt(String::length))
                .orElse("other");
    }

    /** Processor seconds by role. */
    Map<String, Double> seconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        ROLES.forEach(role -> seconds.put(role, 0.0));
        seconds.put("broker", broker.toNanos() / 1e9);
        double total = 0;
        for (Map.Entry<Long, Long> thread : nanos.entrySet()) {
            double time = thread.getValue() / 1e9;
            total += time;
            seconds.merge(roles.getOrDefault(thread.getKey(), "other"), time, Double::sum);
        }
        seconds.merge("other", (process.getProcessCpuTime() - before) / 1e9 - total, Double::sum);
        return seconds;
    }
}
