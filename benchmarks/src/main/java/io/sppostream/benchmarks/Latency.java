package io.sppostream.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.embedded.RunningCluster;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.EventWriter;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.loop.StreamsApp;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The time from a rollout on the log to its training sample on the log, through the reward verifier and the join, which
 * run in a process of their own on an embedded broker: at steady rates, and when both catch up with a backlog.
 */
@Command(
        name = "latency",
        description = "Time rollouts from the log through verifier and join: at steady rates, and catching up.",
        mixinStandardHelpOptions = true)
final class Latency implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    @Option(
            names = "--rates",
            split = ",",
            defaultValue = "500,15000",
            description = "Steady rates, in rollouts per second; 0 for none (default: ${DEFAULT-VALUE}).")
    private List<Integer> rates = List.of();

    @Option(names = "--seconds", defaultValue = "20", description = "Of each rate (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "5",
            description = "Seconds of each rate before those that count; the optimizing compiler takes about 60"
                    + " (default: ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(
            names = "--catch-up",
            defaultValue = "1000000",
            description = "Rollouts of the backlog; 0 for none (default: ${DEFAULT-VALUE}).")
    private int backlog;

    @Option(names = "--tokens", defaultValue = "3", description = "Of each response (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(
            names = "--partitions",
            defaultValue = "1",
            description = "Of the topics; verifier and join have a thread each for each (default: ${DEFAULT-VALUE}).")
    private int partitions;

    @Option(
            names = "--kafka",
            paramLabel = "KEY=VALUE",
            description = "A property of verifier and join, as with --set kafka.KEY=VALUE of ./sppo.")
    private Map<String, String> properties = Map.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkTools.printHeader(
                "latency --rates %s --seconds %d --warm-up %d --catch-up %d --tokens %d --partitions %d%s",
                String.join(",", rates.stream().map(String::valueOf).toList()),
                seconds,
                warmUpSeconds,
                backlog,
                tokens,
                partitions,
                properties.entrySet().stream()
                        .map(property -> " --kafka " + property)
                        .collect(Collectors.joining()));
        Path directory = Files.createTempDirectory("sppo-latency");
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(directory.resolve("data")))) {
            for (int rate : rates) {
                if (rate > 0) {
                    steady(cluster, directory, rate);
                }
            }
            if (backlog > 0) {
                catchUp(cluster, directory);
            }
        } finally {
            BenchmarkTools.delete(directory);
        }
        return 0;
    }

    private void steady(EmbeddedCluster cluster, Path directory, int rate) throws IOException, InterruptedException {
        int warmUp = rate * warmUpSeconds;
        int all = warmUp + rate * seconds;
        try (Section section = new Section(cluster, directory, "steady-" + rate, all)) {
            Process roles = section.startRoles();
            ProcessorTime before = ProcessorTime.of(roles);
            long start = System.nanoTime();
            for (int i = 0; i < all; i++) {
                long due = start + (long) (i * 1e9 / rate);
                while (System.nanoTime() < due) {
                    section.receive(Duration.ofMillis(1));
                }
                if (i == warmUp) {
                    before = ProcessorTime.of(roles);
                }
                section.send(i);
            }
            section.receiveAll();
            ProcessorTime used = ProcessorTime.of(roles).since(before);
            section.stop(roles);
            List<Double> millis = section.millis(warmUp);
            System.out.printf(
                    Locale.ROOT,
                    "steady       %,6d rollouts/s of %,d bytes: p50 %.1f ms, p99 %.1f ms; %s%n",
                    rate,
                    section.rolloutBytes(),
                    quantile(millis, 0.5),
                    quantile(millis, 0.99),
                    used.per(rate * seconds));
        }
    }

    private void catchUp(EmbeddedCluster cluster, Path directory) throws IOException, InterruptedException {
        try (Section section = new Section(cluster, directory, "catch-up", backlog)) {
            for (int i = 0; i < backlog; i++) {
                section.send(i);
            }
            section.flush();
            Process roles = section.startRoles();
            ProcessorTime before = ProcessorTime.of(roles);
            long start = System.nanoTime();
            section.receive(backlog / 2);
            double firstHalf = (System.nanoTime() - start) / 1e9;
            section.receiveAll();
            double elapsed = (System.nanoTime() - start) / 1e9;
            ProcessorTime used = ProcessorTime.of(roles).since(before);
            section.stop(roles);
            System.out.printf(
                    Locale.ROOT,
                    "catch-up     %,d rollouts of %,d tokens, %,d bytes, in %.1f s: %,.0f rollouts/s, %,.0f in the second"
                            + " half; %s%n",
                    backlog,
                    tokens,
                    section.rolloutBytes(),
                    elapsed,
                    backlog / elapsed,
                    (backlog - backlog / 2) / (elapsed - firstHalf),
                    used.per(backlog));
        }
    }

    private static double quantile(List<Double> sorted, double fraction) {
        return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(fraction * sorted.size())));
    }

    /** Processor seconds of the roles' process and of the broker's. */
    private record ProcessorTime(double roles, double broker) {
        /** So far; the broker is this process's other child. */
        static ProcessorTime of(Process roles) {
            double broker = ProcessHandle.current()
                    .children()
                    .filter(child -> child.pid() != roles.pid())
                    .mapToDouble(ProcessorTime::seconds)
                    .sum();
            return new ProcessorTime(seconds(roles.toHandle()), broker);
        }

        private static double seconds(ProcessHandle process) {
            return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
        }

        ProcessorTime since(ProcessorTime before) {
            return new ProcessorTime(roles - before.roles, broker - before.broker);
        }

        String per(int rollouts) {
            return String.format(
                    Locale.ROOT,
                    "processor seconds: roles %.1f, broker %.1f, %.0f us a rollout",
                    roles,
                    broker,
                    1e6 * (roles + broker) / rollouts);
        }
    }

    /** A run of its own: writes rollouts and their values, starts the roles, and reads the samples. For one thread. */
    private final class Section implements AutoCloseable {
        private final Path data;
        private final Path state;
        private final Topics topics;
        private final EventSerdes serdes;
        private final EventWriter writer;
        private final Consumer<byte[], byte[]> samples;
        private final SyntheticRollouts rollouts = new SyntheticRollouts(tokens);

        /** When each rollout was sent, and later how long it took, in nanoseconds. */
        private final AtomicLongArray nanos;

        private int received;

        Section(EmbeddedCluster cluster, Path directory, String name, int count) {
            this.data = directory.resolve("data");
            this.state = directory.resolve(name);
            this.topics = new Topics(name, partitions);
            this.nanos = new AtomicLongArray(count);
            KafkaSettings kafka = cluster.kafka();
            this.serdes = new EventSerdes(kafka);
            try (TopicAdmin admin = new TopicAdmin(kafka)) {
                admin.create(topics, (short) 1);
            }
            serdes.register(topics);
            this.writer = new EventWriter(kafka.with(ProducerConfig.LINGER_MS_CONFIG, "0"), serdes);
            this.samples = kafka.clients().consumer(kafka.consumer());
            samples.assign(IntStream.range(0, partitions)
                    .mapToObj(
                            partition -> new TopicPartition(topics.advantages().name(), partition))
                    .toList());
        }

        /** Starts verifier and join, and waits until they are ready. */
        Process startRoles() throws IOException {
            List<String> command = BenchmarkTools.javaCommand();
            command.add(BenchmarkTools.OPTIMIZING_COMPILER); // As ./sppo verify and ./sppo advantage have it.
            command.addAll(List.of(
                    Main.class.getName(),
                    "latency-roles",
                    data.toString(),
                    topics.namespace(),
                    Integer.toString(partitions),
                    state.toString()));
            properties.forEach((key, value) -> command.add(key + "=" + value));
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            InputStream out = process.getInputStream();
            if (out.read() < 0) {
                throw new IllegalStateException("verifier and join did not start");
            }
            return process;
        }

        void send(int number) {
            String request = SyntheticRollouts.requestId(number);
            writer.send(topics.values(), request, SyntheticRollouts.value(request));
            nanos.set(number, System.nanoTime());
            writer.send(topics.rollouts(), request, rollouts.rollout(request));
        }

        /** Bytes of a rollout's record without its key, before compression. */
        int rolloutBytes() {
            return serdes.serializer(topics.rollouts())
                    .serialize(topics.rollouts().name(), rollouts.rollout(SyntheticRollouts.requestId(0)))
                    .length;
        }

        void flush() {
            writer.flush();
        }

        void receive(Duration timeout) {
            for (ConsumerRecord<byte[], byte[]> sample : samples.poll(timeout)) {
                int number = Integer.parseInt(new String(sample.key(), UTF_8));
                nanos.set(number, System.nanoTime() - nanos.get(number));
                received++;
            }
        }

        void receiveAll() {
            receive(nanos.length());
        }

        /** Receives until so many samples have arrived in all. */
        void receive(int wanted) {
            long deadline = System.nanoTime() + Math.max(TIMEOUT.toNanos(), wanted * 1_000_000L);
            while (received < wanted) {
                receive(Duration.ofMillis(100));
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(received + " of " + wanted + " samples arrived in time");
                }
            }
        }

        /** Milliseconds that the rollouts took, sorted, without the first ones. */
        List<Double> millis(int skipped) {
            List<Double> millis = new ArrayList<>();
            for (int i = skipped; i < nanos.length(); i++) {
                millis.add(nanos.get(i) / 1e6);
            }
            millis.sort(null);
            return millis;
        }

        void stop(Process roles) throws IOException, InterruptedException {
            roles.getOutputStream().close();
            if (!roles.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS) || roles.exitValue() != 0) {
                throw new IllegalStateException("verifier and join did not end well");
            }
        }

        @Override
        public void close() {
            samples.close();
            writer.close();
            serdes.close();
        }
    }

    /** Verifier and join in one process, until the end of its standard input. */
    @Command(name = "latency-roles", hidden = true, description = "Verifier and join of latency.")
    static final class RolesProcess implements Callable<Integer> {
        @Parameters(index = "0", description = "The data directory of the broker.")
        private Path data = Path.of("");

        @Parameters(index = "1", description = "The run.")
        private String run = "";

        @Parameters(index = "2", description = "Partitions of the topics.")
        private int partitions;

        @Parameters(index = "3", description = "For the state of the roles.")
        private Path state = Path.of("");

        @Parameters(index = "4..*", description = "Properties, KEY=VALUE.")
        private Map<String, String> properties = Map.of();

        @Override
        public Integer call() throws IOException, InterruptedException {
            KafkaSettings kafka = RunningCluster.of(data).orElseThrow().kafka();
            for (Map.Entry<String, String> property : properties.entrySet()) {
                kafka = kafka.with(property.getKey(), property.getValue());
            }
            Topics topics = new Topics(run, partitions);
            try (EventSerdes serdes = new EventSerdes(kafka);
                    StreamsApp verifier = SyntheticRoles.verifier(new RunLog(kafka, serdes, topics), state);
                    StreamsApp join = SyntheticRoles.join(new RunLog(kafka, serdes, topics), state, TIMEOUT)) {
                verifier.awaitRunning(TIMEOUT);
                join.awaitRunning(TIMEOUT);
                System.out.println("running");
                while (System.in.read() >= 0) {
                    // Only the end of the stream matters.
                }
            }
            return 0;
        }
    }
}
