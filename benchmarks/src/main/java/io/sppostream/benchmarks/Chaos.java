package io.sppostream.benchmarks;

import io.sppostream.events.Prompt;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Received;
import io.sppostream.log.Topic;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.embedded.EmbeddedCluster;
import io.sppostream.sppo.embedded.EmbeddedSettings;
import io.sppostream.sppo.train.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Kills one after the other of a run's processes with SIGKILL, at random steps and instants, and starts them again: each
 * role in a process of its own, the broker, and all of them at once. In the end every prompt must have been trained
 * once by each line, and the weights must be those of the same algorithm in one process that nobody disturbed.
 */
@Command(
        name = "chaos",
        description =
                "Kill the roles and the broker of a K = 0 run at random, and check that it ends as if undisturbed.",
        mixinStandardHelpOptions = true)
final class Chaos implements Callable<Integer> {
    private static final String RUN = "chaos";
    private static final int STEPS_BETWEEN_KILLS = 8;
    private static final long MILLIS_AFTER_STEP = 300;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Option(names = "--kills", defaultValue = "200", description = "Kills (default: ${DEFAULT-VALUE}).")
    private int kills;

    @Option(
            names = "--seed",
            defaultValue = "1",
            description = "Chooses what is killed when (default: ${DEFAULT-VALUE}).")
    private long seed;

    /** What is killed. */
    private enum Victim {
        LEARN,
        CRITIC,
        ADVANTAGE,
        VERIFY,
        ROLLOUT,
        FEED,
        BROKER,
        ALL
    }

    private final Map<Role, Process> processes = new EnumMap<>(Role.class);
    private final Map<WeightLine, Integer> steps = new EnumMap<>(WeightLine.class);
    private final Map<Victim, List<Double>> recoveries = new TreeMap<>();
    private Path directory = Path.of("");
    private int ended;

    Chaos() {}

    Chaos(int kills, long seed) {
        this.kills = kills;
        this.seed = seed;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        directory = Files.createTempDirectory("sppo-chaos");
        InProcessLoop.Result expected = new InProcessLoop(configuration()).run();
        EmbeddedSettings settings = new EmbeddedSettings(directory.resolve("data"), freePort(), freePort());
        EmbeddedCluster cluster = EmbeddedCluster.start(settings);
        KafkaSettings kafka = new KafkaSettings(cluster.bootstrapServers(), cluster.registryUrl(), Map.of());
        run(kafka, "topics", "--create").waitFor();
        SplittableRandom random = new SplittableRandom(seed);
        try (EventSerdes serdes = new EventSerdes(kafka)) {
            Topics topics = configuration().settings().topics();
            try (EventReader ledger = new EventReader(kafka, serdes, List.of(topics.trainingSteps()))) {
                for (int kill = 1; kill <= kills; kill++) {
                    await(ledger, kafka, (kill - 1) * STEPS_BETWEEN_KILLS + random.nextInt(1, STEPS_BETWEEN_KILLS));
                    Thread.sleep(random.nextLong(MILLIS_AFTER_STEP));
                    Victim victim = Victim.values()[random.nextInt(Victim.values().length)];
                    int stepsBefore = stepsDone();
                    long start = System.nanoTime();
                    cluster = kill(victim, cluster, settings);
                    await(
                            ledger,
                            kafka,
                            Math.min(stepsBefore + 1, configuration().settings().steps()));
                    double seconds = (System.nanoTime() - start) / 1e9;
                    recoveries.computeIfAbsent(victim, key -> new ArrayList<>()).add(seconds);
                    System.out.printf(
                            Locale.ROOT,
                            "kill %d: %s after step %d, next step after %.1f s%n",
                            kill,
                            name(victim),
                            stepsBefore,
                            seconds);
                }
                await(ledger, kafka, configuration().settings().steps());
            }
            stopRoles();
            boolean undisturbed = report(expected, kafka, serdes, topics);
            cluster.close();
            LogPrice.delete(directory);
            return undisturbed ? 0 : 1;
        } finally {
            stopRoles();
        }
    }

    private Configuration configuration() {
        Map<String, String> flags = new HashMap<>(Map.of(
                "run", RUN,
                "seed", Long.toString(seed),
                "steps", Integer.toString((kills + 2) * STEPS_BETWEEN_KILLS),
                "lag", "0",
                "batch.size", "64",
                "partitions", "2",
                "weights.snapshot.interval", "5"));
        flags.put("eval.interval", Integer.toString(Integer.MAX_VALUE));
        flags.put("eval.prompts", "10");
        flags.put("data.dir", directory.resolve("roles").toString());
        return Configuration.load(null, Map.of(), flags);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String name(Victim victim) {
        return victim.name().toLowerCase(Locale.ROOT);
    }

    /** Starts a command on the cluster, with the configuration of the run. */
    private Process run(KafkaSettings kafka, String... command) throws IOException {
        List<String> line = new ArrayList<>(LogPrice.java());
        line.add(io.sppostream.sppo.cli.Main.class.getName());
        line.addAll(List.of(command));
        configuration().effective().forEach((name, value) -> {
            if (!name.equals("bootstrap.servers") && !name.equals("schema.registry.url")) {
                line.add("--set=" + name + "=" + value);
            }
        });
        line.add("--bootstrap-servers=" + kafka.bootstrapServers());
        line.add("--schema-registry-url=" + kafka.schemaRegistryUrl());
        Path output = directory.resolve(command[0] + ".out");
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
    }

    /** Starts those roles that are not running, as a supervisor would. */
    private void startRoles(KafkaSettings kafka) throws IOException {
        for (Role role : Role.values()) {
            Process process = processes.get(role);
            if (process == null || !process.isAlive()) {
                ended += process == null ? 0 : 1;
                processes.put(role, run(kafka, role.command()));
            }
        }
    }

    private void stopRoles() throws InterruptedException {
        for (Process process : processes.values()) {
            process.destroyForcibly().waitFor();
        }
    }

    private EmbeddedCluster kill(Victim victim, EmbeddedCluster cluster, EmbeddedSettings settings)
            throws IOException, InterruptedException {
        switch (victim) {
            case BROKER -> {
                return killBroker(cluster, settings);
            }
            case ALL -> {
                stopRoles();
                return killBroker(cluster, settings);
            }
            default -> {
                Process process = processes.get(Role.valueOf(victim.name()));
                if (process != null) {
                    process.destroyForcibly().waitFor();
                }
                return cluster;
            }
        }
    }

    private EmbeddedCluster killBroker(EmbeddedCluster cluster, EmbeddedSettings settings) throws IOException {
        Properties state = new Properties();
        try (InputStream in = Files.newInputStream(settings.dataDirectory().resolve("broker.state"))) {
            state.load(in);
        }
        ProcessHandle.of(Long.parseLong(state.getProperty("pid"))).ifPresent(ProcessHandle::destroyForcibly);
        cluster.close();
        return EmbeddedCluster.start(settings);
    }

    private int stepsDone() {
        return Arrays.stream(WeightLine.values())
                .mapToInt(line -> steps.getOrDefault(line, 0))
                .min()
                .orElse(0);
    }

    /** Keeps all roles running until both lines have trained so many steps. */
    private void await(EventReader ledger, KafkaSettings kafka, int wanted) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (stepsDone() < wanted) {
            startRoles(kafka);
            for (Received<?> received : ledger.poll(Duration.ofMillis(50))) {
                TrainingStep step = (TrainingStep) received.event();
                steps.put(WeightLine.valueOf(step.getLine().toUpperCase(Locale.ROOT)), step.getStep());
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no step " + wanted + " within " + PATIENCE.toSeconds()
                        + " s: the lines are at " + steps + "; " + directory + " has what the roles print");
            }
        }
    }

    private boolean report(InProcessLoop.Result expected, KafkaSettings kafka, EventSerdes serdes, Topics topics) {
        Set<String> prompts = read(kafka, serdes, topics.prompts()).stream()
                .map(received -> ((Prompt) received.event()).getRequestId() + "/0")
                .collect(Collectors.toSet());
        long expired = read(kafka, serdes, topics.expired()).size();
        List<TrainingStep> ledger = read(kafka, serdes, topics.trainingSteps()).stream()
                .map(received -> (TrainingStep) received.event())
                .toList();
        int lost = 0;
        int twice = 0;
        Map<WeightLine, @Nullable String> weights = new EnumMap<>(WeightLine.class);
        for (WeightLine line : WeightLine.values()) {
            Set<String> trained = new HashSet<>();
            for (TrainingStep step : ledger) {
                if (step.getLine().equals(line.id())) {
                    weights.put(line, step.getToSha256());
                    for (TrainedSample sample : step.getSamples()) {
                        twice += trained.add(sample.getRolloutId()) ? 0 : 1;
                    }
                }
            }
            lost += (int) prompts.stream().filter(id -> !trained.contains(id)).count();
        }
        boolean same = expected.policySha256().equals(weights.get(WeightLine.POLICY))
                && expected.criticSha256().equals(weights.get(WeightLine.CRITIC));
        System.out.printf(Locale.ROOT, "%n%-10s %6s %10s %10s%n", "killed", "times", "median s", "max s");
        recoveries.forEach((victim, seconds) -> System.out.printf(
                Locale.ROOT,
                "%-10s %6d %10.1f %10.1f%n",
                name(victim),
                seconds.size(),
                LogPrice.median(seconds),
                seconds.stream().mapToDouble(Double::doubleValue).max().orElse(0)));
        System.out.printf(
                Locale.ROOT,
                "%n%d prompts, %d steps a line: %d not trained, %d expired, %d trained twice; weights %s; started again %d times%n",
                prompts.size(),
                stepsDone(),
                lost,
                expired,
                twice,
                same ? "identical to the undisturbed run's" : "OTHER than the undisturbed run's",
                ended);
        return lost == 0 && twice == 0 && expired == 0 && same;
    }

    private static List<Received<?>> read(
            KafkaSettings kafka, EventSerdes serdes, Topic<? extends SpecificRecord> topic) {
        List<Received<?>> events = new ArrayList<>();
        try (EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                events.addAll(log.last(topic, partition, log.end(topic, partition), all -> false));
            }
        }
        return events;
    }
}
