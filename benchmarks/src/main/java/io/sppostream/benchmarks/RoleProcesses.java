package io.sppostream.benchmarks;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A run with each role in its own process, on an embedded broker, or on the cluster that the configuration names. A
 * supervisor restarts processes that have ended. It works in the thread of its caller, inside the methods that wait. For
 * one thread.
 */
final class RoleProcesses implements AutoCloseable {
    /** Steps of a run whose end is not known at its start; {@link #endAfter} sets it. */
    static final int ENDLESS = 1_000_000;

    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    /**
     * The outcome of a run, counted from its log without the code of the audit.
     *
     * @param prompts released prompts, without follow-ups
     * @param lost rollouts asked for that were neither trained on nor evidence, over policy and critic
     * @param trainedTwice samples that were trained on more than once, over policy and critic
     * @param evidence rollouts that expired as evidence
     * @param expired other records of the topic expired
     * @param weights SHA-256 of the last version of policy and critic
     */
    record FinalState(
            int prompts, int lost, int trainedTwice, int evidence, int expired, Map<ModelKind, String> weights) {}

    private final Configuration configuration;
    private final Path directory;
    private final @Nullable EmbeddedSettings broker;
    private final String clientProperties;
    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final EventReader ledger;
    private final Map<Role, Process> processes = new EnumMap<>(Role.class);
    private final Map<ModelKind, Integer> steps = new EnumMap<>(ModelKind.class);
    private @Nullable EmbeddedCluster cluster;
    private int restarts;
    private int lastStep;

    /**
     * Starts the broker, if it is an embedded one, and creates the topics.
     *
     * @param configuration with client.properties that name a cluster, for one that is running
     * @param directory for the embedded broker's data and the output of the processes
     */
    RoleProcesses(Configuration configuration, Path directory) throws IOException, InterruptedException {
        RunSettings settings = configuration.settings();
        this.configuration = configuration;
        this.directory = directory;
        this.lastStep = settings.steps();
        if (settings.bootstrapServers().isEmpty()) {
            broker = new EmbeddedSettings(directory.resolve("data"), freePort(), freePort());
            cluster = EmbeddedCluster.start(broker);
            kafka = cluster.kafka();
            clientProperties = cluster.clientProperties().toString();
        } else {
            broker = null;
            kafka = configuration.kafka(settings.bootstrapServers(), settings.schemaRegistryUrl());
            clientProperties = String.valueOf(configuration.effective().get(SettingsDefinition.CLIENT_PROPERTIES));
        }
        this.serdes = new EventSerdes(kafka);
        this.topics = settings.topics();
        startLogged(List.of(), "topics", "--create").waitFor();
        this.ledger = new EventReader(kafka, serdes, List.of(topics.trainingSteps()));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Steps that both policy and critic had committed at the last check. */
    int steps() {
        return kinds().stream()
                .mapToInt(kind -> steps.getOrDefault(kind, 0))
                .min()
                .orElse(0);
    }

    /** The models that the run trains. */
    private Set<ModelKind> kinds() {
        return configuration.settings().hasCritic() ? EnumSet.allOf(ModelKind.class) : EnumSet.of(ModelKind.POLICY);
    }

    /** Number of restarts, of processes that were killed or ended otherwise. */
    int restarts() {
        return restarts;
    }

    /**
     * Ends the run after a step and waits for it.
     *
     * @param step a step whose prompts have not been released yet
     */
    void endAfter(int step) throws IOException {
        lastStep = step;
        kill(Role.FEED);
        awaitStep(step);
    }

    /** Keeps all roles running until policy and critic have made a step. */
    void awaitStep(int wanted) throws IOException {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (steps() < wanted) {
            supervise();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("step " + wanted + " was not made within " + TIMEOUT.toSeconds()
                        + " s: the last steps are " + steps + "; the output of the roles is in " + directory);
            }
        }
    }

    /**
     * Waits for the step after next: no role has done any of its work yet.
     *
     * @param killed instant of the kill, by {@link System#nanoTime}
     * @return seconds since the kill
     */
    double awaitRecovery(long killed) throws IOException {
        awaitStep(checkSteps() + 2);
        return (System.nanoTime() - killed) / 1e9;
    }

    /** Reads the ledger; returns {@link #steps}. */
    int checkSteps() throws IOException {
        supervise();
        return steps();
    }

    /** Keeps all roles running for a time. */
    void superviseFor(Duration time) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            supervise();
        }
    }

    /** The log of the run. */
    RunLog log() {
        return new RunLog(kafka, serdes, topics);
    }

    /** Starts one role alone, without supervision. */
    void start(Role role, List<String> jvmOptions) throws IOException {
        processes.put(role, startLogged(jvmOptions, role.command()));
    }

    /** The most memory that a role has used so far. */
    String peakResident(Role role) {
        return Optional.ofNullable(processes.get(role))
                .flatMap(process -> BenchmarkTools.peakResident(process.toHandle()))
                .orElse("unknown");
    }

    /** Waits until a topic has so many committed records; fails if no role is running any more. */
    void awaitRecords(Topic<? extends SpecificRecord> topic, int count) {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        int records = 0;
        try (EventReader reader = EventReader.following(kafka, serdes, List.of(topic))) {
            while (records < count) {
                records += reader.poll(Duration.ofMillis(200)).size();
                if (System.nanoTime() > deadline || processes.values().stream().noneMatch(Process::isAlive)) {
                    throw new IllegalStateException(topic.name() + " has " + records + " of " + count
                            + " records; the output of the roles is in " + directory);
                }
            }
        }
    }

    private void supervise() throws IOException {
        for (Role role : Role.of(configuration.settings())) {
            Process process = processes.get(role);
            if (process == null || !process.isAlive()) {
                restarts += process == null ? 0 : 1;
                processes.put(role, startLogged(List.of(), role.command()));
            }
        }
        for (EventRecord<?> record : ledger.poll(Duration.ofMillis(20))) {
            TrainingStep step = (TrainingStep) record.event();
            steps.put(ModelKind.of(step.getLine()), step.getStep());
        }
    }

    void kill(Role role) {
        Process process = processes.get(role);
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }

    /**
     * Kills and restarts the embedded broker.
     *
     * @throws IllegalStateException if the brokers are not the processes' own
     */
    void killBroker() throws IOException {
        if (broker == null || cluster == null) {
            throw new IllegalStateException("the brokers of " + kafka.bootstrapServers() + " can't be killed");
        }
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

    /** Reads the final state of the run from the log. */
    FinalState finalState() {
        List<Prompt> prompts = read(topics.prompts()).map(Prompt.class::cast).toList();
        Set<String> asked = prompts.stream().flatMap(RoleProcesses::rolloutIds).collect(Collectors.toSet());
        List<Expired> expired = read(topics.expired()).map(Expired.class::cast).toList();
        List<String> evidence = expired.stream()
                .filter(gone -> gone.getReason() == ExpiryReason.EVIDENCE)
                .map(Expired::getRolloutId)
                .toList();
        Map<ModelKind, List<String>> trained = new EnumMap<>(ModelKind.class);
        Map<ModelKind, String> weights = new EnumMap<>(ModelKind.class);
        read(topics.trainingSteps()).forEach(event -> {
            TrainingStep step = (TrainingStep) event;
            weights.put(ModelKind.of(step.getLine()), step.getToSha256());
            step.getSamples().stream()
                    .map(TrainedSample::getRolloutId)
                    .forEach(trained.computeIfAbsent(ModelKind.of(step.getLine()), kind -> new ArrayList<>())::add);
        });
        int lost = 0;
        int trainedTwice = 0;
        for (ModelKind kind : kinds()) {
            List<String> all = new ArrayList<>(trained.getOrDefault(kind, List.of()));
            all.addAll(evidence);
            Set<String> once = new HashSet<>(all);
            trainedTwice += all.size() - once.size();
            lost += (int) asked.stream().filter(id -> !once.contains(id)).count();
        }
        return new FinalState(
                (int) prompts.stream()
                        .filter(prompt -> prompt.getFollowUp() == null)
                        .count(),
                lost,
                trainedTwice,
                evidence.size(),
                expired.size() - evidence.size(),
                weights);
    }

    private static Stream<String> rolloutIds(Prompt prompt) {
        FollowUpRequest followUp = prompt.getFollowUp();
        String asked = followUp == null ? prompt.getRequestId() : followUp.getId();
        return IntStream.range(0, prompt.getSamples()).mapToObj(sample -> RolloutIds.of(asked, sample));
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

    /** Stops the roles and runs {@code ./sppo audit} on the log; returns its exit code. */
    int audit() throws IOException, InterruptedException {
        killRoles();
        List<String> arguments = command(List.of(), "audit");
        arguments.add("--run=" + configuration.settings().run());
        return new ProcessBuilder(arguments).inheritIO().start().waitFor();
    }

    /** Starts a command with the configuration of the run; its output goes to a file of its name. */
    private Process startLogged(List<String> jvmOptions, String... command) throws IOException {
        List<String> arguments = command(jvmOptions, command);
        configuration.effective().forEach((name, value) -> {
            if (!Set.of("bootstrap.servers", "schema.registry.url", "client.properties", "steps")
                    .contains(name)) {
                arguments.add("--set=" + name + "=" + value);
            }
        });
        arguments.add("--set=steps=" + lastStep);
        Path output = directory.resolve(command[0] + ".out");
        return new ProcessBuilder(arguments)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
    }

    private List<String> command(List<String> jvmOptions, String... command) {
        List<String> arguments = BenchmarkTools.javaCommand();
        arguments.addAll(jvmOptions);
        arguments.add(io.sppostream.cli.Main.class.getName());
        arguments.addAll(List.of(command));
        arguments.add("--client-properties=" + clientProperties);
        return arguments;
    }

    @Override
    public void close() {
        killRoles();
        ledger.close();
        serdes.close();
        if (cluster != null) {
            cluster.close();
        }
    }
}
