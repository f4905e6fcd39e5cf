package io.sppostream.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.ThreadMXBean;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.StreamsApp;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * What the log costs per rollout: processor time for encoding and sending it, in the reward verifier, in the join and in
 * the broker, and the memory that verifier and join allocate. Each round sends one batch in a transaction, waits for its
 * training samples, and runs the calibration. For one thread.
 */
final class LogCosts implements AutoCloseable {
    private static final String PRODUCER = "producer";
    private static final String VERIFIER = "verifier";
    private static final String JOIN = "join";
    private static final String BROKER = "broker";

    /**
     * Times that are compared with a baseline. The rest varies more: the broker's time is counted in steps of 10 ms.
     */
    static final List<String> TIMES = List.of(VERIFIER, JOIN);

    /** Bytes per rollout that are compared with a baseline. They do not depend on the machine. */
    static final List<String> ALLOCATIONS =
            TIMES.stream().map(LogCosts::allocation).toList();

    /** All that is compared. */
    static final List<String> GUARDED =
            Stream.concat(TIMES.stream(), ALLOCATIONS.stream()).toList();

    private static final Duration TIMEOUT = Duration.ofMinutes(1);
    private static final int WARM_UP_ROUNDS = 12;
    private static final int BATCH = 2_000;
    private static final int TOKENS = 16;

    private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    private final Calibration calibration = new Calibration();
    private final SyntheticRollouts rollouts = new SyntheticRollouts(TOKENS);
    private final Topics topics = new Topics("guard", 1);
    private final Path directory = Files.createTempDirectory("sppo-guard");
    private final EmbeddedCluster cluster;
    private final EventSerdes serdes;
    private final StreamsApp verifier;
    private final StreamsApp join;
    private final Producer<byte[], byte[]> producer;
    private final Consumer<byte[], byte[]> samples;
    private final Serializer<Rollout> encodeRollout;
    private final Serializer<Value> encodeValue;
    private int sent;

    /** Costs by name, one of each round: times in calibrations per 1,000 rollouts, allocations in bytes per rollout. */
    private final Map<String, List<Double>> rounds = new LinkedHashMap<>();

    private final List<Double> units = new ArrayList<>();

    /** Starts broker and roles, and warms them up. */
    LogCosts() throws IOException, InterruptedException {
        cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")));
        KafkaSettings kafka = cluster.kafka();
        serdes = new EventSerdes(kafka);
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            admin.create(topics, (short) 1);
        }
        serdes.register(topics);
        RunLog log = new RunLog(kafka, serdes, topics);
        Path state = directory.resolve("state");
        verifier = SyntheticRoles.verifier(log, state);
        join = SyntheticRoles.join(log, state, TIMEOUT);
        producer = kafka.clients().producer(kafka.transactionalProducer("guard", TIMEOUT));
        producer.initTransactions();
        samples = kafka.clients().consumer(kafka.consumer());
        samples.assign(List.of(new TopicPartition(topics.advantages().name(), 0)));
        encodeRollout = serdes.serializer(topics.rollouts());
        encodeValue = serdes.serializer(topics.values());
        verifier.awaitRunning(TIMEOUT);
        join.awaitRunning(TIMEOUT);
        measure(WARM_UP_ROUNDS);
        rounds.clear();
        units.clear();
    }

    /** Measures some more rounds. */
    void measure(int more) {
        for (int round = 0; round < more; round++) {
            // Half of the calibration on each side of the work, since the speed of a shared core varies.
            double unit = calibrate() / 2;
            Map<String, Double> before = used();
            send();
            receive();
            Map<String, Double> after = used();
            unit += calibrate() / 2;
            units.add(unit);
            double calibration = unit / 1_000;
            after.forEach((name, total) -> {
                double perRollout = (total - before.getOrDefault(name, 0.0)) / BATCH;
                rounds.computeIfAbsent(name, key -> new ArrayList<>())
                        .add(ALLOCATIONS.contains(name) ? perRollout : perRollout / calibration);
            });
        }
    }

    private double calibrate() {
        long before = threads.getCurrentThreadCpuTime();
        calibration.run();
        return (threads.getCurrentThreadCpuTime() - before) / 1e9;
    }

    /** Sends the batch in one transaction, so that the roles get it at once. */
    private void send() {
        producer.beginTransaction();
        for (int i = 0; i < BATCH; i++) {
            String request = SyntheticRollouts.requestId(sent++);
            byte[] key = request.getBytes(UTF_8);
            String to = topics.values().name();
            producer.send(new ProducerRecord<>(to, key, encodeValue.serialize(to, SyntheticRollouts.value(request))));
            to = topics.rollouts().name();
            producer.send(new ProducerRecord<>(to, key, encodeRollout.serialize(to, rollouts.rollout(request))));
        }
        producer.commitTransaction();
    }

    private void receive() {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        int missing = BATCH;
        while (missing > 0) {
            missing -= samples.poll(Duration.ofMillis(100)).count();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(missing + " of " + BATCH + " samples did not arrive in time");
            }
        }
    }

    /** Processor seconds and allocated bytes so far, by name. */
    private Map<String, Double> used() {
        Map<String, Double> used = new LinkedHashMap<>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            String part = thread == null ? null : part(thread);
            if (part != null) {
                used.merge(part, threads.getThreadCpuTime(thread.getThreadId()) / 1e9, Double::sum);
                if (TIMES.contains(part)) {
                    double bytes = threads.getThreadAllocatedBytes(thread.getThreadId());
                    used.merge(allocation(part), bytes, Double::sum);
                }
            }
        }
        used.put(
                BROKER,
                ProcessHandle.current()
                        .children()
                        .mapToDouble(child -> child.info()
                                        .totalCpuDuration()
                                        .orElse(Duration.ZERO)
                                        .toNanos()
                                / 1e9)
                        .sum());
        return used;
    }

    private static String allocation(String part) {
        return part + ".allocated";
    }

    /** Null for a thread of the JVM and of the cluster. */
    private static @Nullable String part(ThreadInfo thread) {
        String name = thread.getThreadName();
        if (name.contains(RoleName.REWARD_VERIFIER)) {
            return VERIFIER;
        }
        if (name.contains(RoleName.ADVANTAGE_STREAM)) {
            return JOIN;
        }
        return thread.getThreadId() == Thread.currentThread().getId() || name.contains("producer-guard")
                ? PRODUCER
                : null;
    }

    /**
     * The lower quartiles of the rounds, by name, times in calibrations per 1,000 rollouts and allocations in bytes per
     * rollout: other work on the machine makes rounds dearer, and they vary less than the medians.
     */
    Map<String, Double> costs() {
        Map<String, Double> quartiles = new LinkedHashMap<>();
        rounds.forEach((name, costs) -> quartiles.put(
                name, costs.stream().sorted().skip(costs.size() / 4).findFirst().orElseThrow()));
        return quartiles;
    }

    /** Prints them as processor time too. */
    void print() {
        double unit = BenchmarkTools.median(units);
        System.out.printf(
                Locale.ROOT,
                "calibration        %.1f ms; lower quartiles of %d rounds of %,d rollouts (checksum %x)%n",
                unit * 1e3,
                units.size(),
                BATCH,
                calibration.checksum());
        costs().forEach((name, cost) -> System.out.println(
                ALLOCATIONS.contains(name)
                        ? String.format(Locale.ROOT, "%-18s %.0f bytes a rollout", name, cost)
                        : String.format(
                                Locale.ROOT,
                                "%-18s %.1f us a rollout, %.3f calibrations per 1,000",
                                name,
                                cost * unit * 1e3,
                                cost)));
    }

    @Override
    public void close() throws IOException {
        samples.close();
        producer.close();
        join.close();
        verifier.close();
        serdes.close();
        cluster.close();
        BenchmarkTools.delete(directory);
    }
}
