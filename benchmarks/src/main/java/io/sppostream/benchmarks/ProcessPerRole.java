package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * A run whose roles are processes of their own on one broker, and whose supervisor starts again what has ended. The
 * supervisor works while it is waited for a step.
 */
final class ProcessPerRole implements AutoCloseable {
    /** Steps of a run whose length is known when its last kill is over: {@link #endAfter} says it. */
    static final int ENDLESS = 1_000_000;

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /**
     * What the log says in the end.
     *
     * @param lost prompts that a line has not trained on, over both lines
     * @param twice samples trained on again, over both lines
     * @param weights SHA-256 of each line's last version
     */
    record Ledger(int prompts, int lost, int twice, int expired, Map<ModelKind, String> weights) {}

    private final Configuration configuration;
    private final Path directory;
    private final EmbeddedSettings broker;
    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final EventReader ledger;
    private final Map<Role, Process> processes = new EnumMap<>(Role.class);
    private final Map<ModelKind, Integer> steps = new EnumMap<>(ModelKind.class);
    private EmbeddedCluster cluster;
    private int restarts;
    private int lastStep;

    /** @param directory gets the broker's data, and what the processes print */
    ProcessPerRole(Configuration configuration, Path directory) throws IOException, InterruptedException {
        this.configuration = configuration;
        this.directory = directory;
        this.lastStep = configuration.settings().steps();
        this.broker = new EmbeddedSettings(directory.resolve("data"), freePort(), freePort());
        this.cluster = EmbeddedCluster.start(broker);
        this.kafka = new KafkaSettings(cluster.bootstrapServers(), cluster.registryUrl(), Map.of());
        this.serdes = new EventSerdes(kafka);
        this.topics = configuration.settings().topics();
        startLogged("topics", "--create").waitFor();
        this.ledger = new EventReader(kafka, serdes, List.of(topics.trainingSteps()));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Steps that both lines had committed when the supervisor last looked. */
    int steps() {
        return Arrays.stream(ModelKind.values())
                .mapToInt(line -> steps.getOrDefault(line, 0))
                .min()
                .orElse(0);
    }

    /** Processes that had ended, killed or not, and were started again. */
    int restarts() {
        return restarts;
    }

    /** Has the feed release no more than what a step takes, one that is not released yet, and awaits that step. */
    void endAfter(int step) throws IOException {
        lastStep = step;
        kill(Role.FEED);
        awaitStep(step);
    }

    /** Keeps all roles running until both lines have made a step. */
    void awaitStep(int wanted) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (steps() < wanted) {
            attend();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no step " + wanted + " within " + PATIENCE.toSeconds()
                        + " s: the lines are at " + steps + "; " + directory + " has what the roles print");
            }
        }
    }

    /**
     * Awaits the step after next, as all of it is work that no role has done by now.
     *
     * @param killed when what is recovered from was, by {@link System#nanoTime}
     * @return seconds since then
     */
    double awaitRecovery(long killed) throws IOException {
        awaitStep(look() + 2);
        return (System.nanoTime() - killed) / 1e9;
    }

    /** Looks at once; returns {@link #steps}. */
    int look() throws IOException {
        attend();
        return steps();
    }

    /** Keeps all roles running for a time. */
    void attend(Duration time) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            attend();
        }
    }

    private void attend() throws IOException {
        for (Role role : Role.values()) {
            Process process = processes.get(role);
            if (process == null || !process.isAlive()) {
                restarts += process == null ? 0 : 1;
                processes.put(role, startLogged(role.command()));
            }
        }
        for (EventRecord<?> received : ledger.poll(Duration.ofMillis(20))) {
            TrainingStep step = (TrainingStep) received.event();
            steps.put(ModelKind.of(step.getLine()), step.getStep());
        }
    }

    void kill(Role role) {
        Process process = processes.get(role);
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }

    /** Kills the broker, and starts it again. */
    void killBroker() throws IOException {
        Properties state = new Properties();
        try (InputStream in = Files.newInputStream(broker.dataDirectory().resolve("broker.state"))) {
            state.load(in);
        }
        ProcessHandle.of(Long.parseLong(state.getProperty("pid"))).ifPresent(ProcessHandle::destroyForcibly);
        cluster.close();
        cluster = EmbeddedCluster.start(broker);
    }

    void killAll() throws IOException {
        killRoles();
        killBroker();
    }

    private void killRoles() {
        processes.values().forEach(Process::destroyForcibly);
        processes.values().forEach(process -> process.onExit().join());
    }

    /** What came of it; counted here, by another way than the audit's. */
    Ledger ledger() {
        Set<String> prompts = read(topics.prompts())
                .map(event -> ((Prompt) event).getRequestId() + "/0")
                .collect(Collectors.toSet());
        Map<ModelKind, List<String>> trained = new EnumMap<>(ModelKind.class);
        Map<ModelKind, String> weights = new EnumMap<>(ModelKind.class);
        read(topics.trainingSteps()).forEach(event -> {
            TrainingStep step = (TrainingStep) event;
            weights.put(ModelKind.of(step.getLine()), step.getToSha256());
            step.getSamples().stream()
                    .map(TrainedSample::getRolloutId)
                    .forEach(trained.computeIfAbsent(ModelKind.of(step.getLine()), line -> new ArrayList<>())::add);
        });
        int lost = 0;
        int twice = 0;
        for (ModelKind kind : ModelKind.values()) {
            List<String> all = trained.getOrDefault(kind, List.of());
            Set<String> once = new HashSet<>(all);
            twice += all.size() - once.size();
            lost += (int) prompts.stream().filter(id -> !once.contains(id)).count();
        }
        return new Ledger(
                prompts.size(), lost, twice, (int) read(topics.expired()).count(), weights);
    }

    private <V extends SpecificRecord> Stream<SpecificRecord> read(Topic<V> topic) {
        List<EventRecord<?>> events = new ArrayList<>();
        try (EventReader log = new EventReader(kafka, serdes, List.of(topic))) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                events.addAll(log.last(topic, partition, log.end(topic, partition), all -> false));
            }
        }
        return events.stream().map(EventRecord::event);
    }

    /** Runs {@code ./sppo audit}, after the roles' end, and prints what it prints; returns its exit code. */
    int audit() throws IOException, InterruptedException {
        killRoles();
        List<String> line = command("audit");
        line.add("--run=" + configuration.settings().run());
        return new ProcessBuilder(line).inheritIO().start().waitFor();
    }

    /** Starts a command with the configuration of the run; what it prints goes to a file of its name. */
    private Process startLogged(String... command) throws IOException {
        List<String> line = command(command);
        configuration.effective().forEach((name, value) -> {
            if (!Set.of("bootstrap.servers", "schema.registry.url", "steps").contains(name)) {
                line.add("--set=" + name + "=" + value);
            }
        });
        line.add("--set=steps=" + lastStep);
        Path output = directory.resolve(command[0] + ".out");
        return new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
    }

    private List<String> command(String... command) {
        List<String> line = new ArrayList<>(LogPrice.java());
        line.add(io.sppostream.cli.Main.class.getName());
        line.addAll(List.of(command));
        line.add("--bootstrap-servers=" + kafka.bootstrapServers());
        line.add("--schema-registry-url=" + kafka.schemaRegistryUrl());
        return line;
    }

    @Override
    public void close() {
        killRoles();
        ledger.close();
        serdes.close();
        cluster.close();
    }
}
