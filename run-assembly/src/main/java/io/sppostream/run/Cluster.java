package io.sppostream.run;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.embedded.RunningCluster;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** The cluster of a command: the embedded one, which runs as long as the command, or one that is running already. */
public final class Cluster implements AutoCloseable {

    /** How to reach a cluster, and how to stop it. */
    private record Running(KafkaSettings kafka, Runnable stop) {}

    private final CompletableFuture<Running> running;
    private final CompletableFuture<Void> launched;

    private Cluster(CompletableFuture<Running> running) {
        this(running, new CompletableFuture<>());
    }

    private Cluster(CompletableFuture<Running> running, CompletableFuture<Void> launched) {
        this.running = running;
        this.launched = launched;
        running.whenComplete((cluster, failure) -> launched.complete(null));
    }

    /**
     * Begins to start or find the cluster of a configuration, and returns at once.
     *
     * @param onFailure receives the failure if an embedded broker ends by itself
     */
    public static Cluster start(Configuration configuration, Consumer<Throwable> onFailure) {
        CompletableFuture<Void> launched = new CompletableFuture<>();
        return new Cluster(
                CompletableFuture.supplyAsync(() -> open(configuration, onFailure, () -> launched.complete(null))),
                launched);
    }

    /**
     * Finds the cluster on which a run is recorded: the one that a process runs on the data directory, or else an
     * embedded one, started on it.
     *
     * @throws UserException if there is no data directory
     */
    public static Cluster ofRecordedRuns(Configuration configuration) {
        RunSettings settings = configuration.settings();
        Path data = settings.dataDirectory();
        if (settings.bootstrapServers().isEmpty()) {
            Optional<Cluster> running = running(configuration);
            if (running.isPresent()) {
                return running.get();
            }
            if (!Files.isDirectory(data)) {
                throw new UserException("there is no data directory " + data.toAbsolutePath()
                        + ": give that of the run as --data-dir, or its cluster as --bootstrap-servers");
            }
        }
        return start(configuration, failure -> {});
    }

    /**
     * Finds the cluster of a run that is running, and starts none.
     *
     * @throws UserException if no process runs a cluster on the data directory
     */
    public static Cluster ofRunning(Configuration configuration) {
        RunSettings settings = configuration.settings();
        if (!settings.bootstrapServers().isEmpty()) {
            return start(configuration, failure -> {});
        }
        return running(configuration)
                .orElseThrow(() -> new UserException("no process runs a broker on "
                        + settings.dataDirectory().toAbsolutePath() + ": start ./sppo up --run " + settings.run()
                        + " first, or give the run's --data-dir or --bootstrap-servers"));
    }

    /** The cluster that some process runs on the data directory; empty if none does. */
    private static Optional<Cluster> running(Configuration configuration) {
        return RunningCluster.of(configuration.settings().dataDirectory())
                .map(running -> new Cluster(CompletableFuture.completedFuture(
                        new Running(configuration.kafka(running.kafka()), () -> {}))));
    }

    private static Running open(Configuration configuration, Consumer<Throwable> onFailure, Runnable launched) {
        RunSettings settings = configuration.settings();
        String bootstrapServers = settings.bootstrapServers();
        if (bootstrapServers.isEmpty()) {
            EmbeddedCluster embedded = EmbeddedCluster.start(
                    new EmbeddedSettings(settings.dataDirectory(), settings.brokerPort(), settings.registryPort()),
                    launched);
            embedded.brokerDied().thenAccept(onFailure);
            return new Running(configuration.kafka(embedded.kafka()), embedded::close);
        }
        String registryUrl = settings.schemaRegistryUrl();
        if (registryUrl.isEmpty()) {
            throw new UserException("a cluster at " + bootstrapServers
                    + " needs a schema registry: give its URL as --schema-registry-url");
        }
        return new Running(configuration.kafka(bootstrapServers, registryUrl), () -> {});
    }

    /** Waits until the process of an embedded broker is running; from then on both cores have work. */
    void awaitLaunch() {
        launched.join();
    }

    /** Whether the cluster is there, or has failed, so that {@link #kafka} does not wait. */
    boolean isThere() {
        return running.isDone();
    }

    /** How to reach the cluster; waits until it is there. */
    public KafkaSettings kafka() {
        try {
            return running.join().kafka();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Stops an embedded cluster. */
    @Override
    public void close() {
        running.handle((cluster, failure) -> cluster)
                .thenAccept(cluster -> {
                    if (cluster != null) {
                        cluster.stop().run();
                    }
                })
                .join();
    }
}
