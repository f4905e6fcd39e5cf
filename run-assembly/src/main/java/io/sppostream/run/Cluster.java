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

/** The cluster a command works on: the embedded one, for as long as the command runs, or one that is there already. */
public final class Cluster implements AutoCloseable {

    /** RunSettings of a cluster, and what stops it. */
    private record Running(KafkaSettings kafka, Runnable stop) {}

    private final CompletableFuture<Running> running;

    private Cluster(CompletableFuture<Running> running) {
        this.running = running;
    }

    /**
     * Begins to start or find the cluster of a configuration, and returns at once.
     *
     * @param onFailure told if an embedded broker ends by itself
     */
    public static Cluster start(Configuration configuration, Consumer<Throwable> onFailure) {
        return new Cluster(CompletableFuture.supplyAsync(() -> open(configuration, onFailure)));
    }

    /**
     * Finds the cluster on which a run has been recorded: the one a process runs on the data directory, or, where none
     * does, the embedded one, started on it.
     *
     * @throws UserException where there is no data
     */
    public static Cluster ofRecordedRuns(Configuration configuration) {
        RunSettings settings = configuration.settings();
        Path data = settings.dataDirectory();
        if (settings.bootstrapServers().isEmpty()) {
            Optional<RunningCluster> running = RunningCluster.of(data);
            if (running.isPresent()) {
                return new Cluster(CompletableFuture.completedFuture(new Running(
                        configuration.kafka(
                                running.get().bootstrapServers(), running.get().registryUrl()),
                        () -> {})));
            }
            if (!Files.isDirectory(data)) {
                throw new UserException("there is no data directory " + data.toAbsolutePath()
                        + ": give that of the run as --data-dir, or its cluster as --bootstrap-servers");
            }
        }
        return start(configuration, failure -> {});
    }

    private static Running open(Configuration configuration, Consumer<Throwable> onFailure) {
        RunSettings settings = configuration.settings();
        String bootstrapServers = settings.bootstrapServers();
        if (bootstrapServers.isEmpty()) {
            EmbeddedCluster embedded = EmbeddedCluster.start(
                    new EmbeddedSettings(settings.dataDirectory(), settings.brokerPort(), settings.registryPort()));
            embedded.brokerDied().thenAccept(onFailure);
            return new Running(
                    configuration.kafka(embedded.bootstrapServers(), embedded.registryUrl()), embedded::close);
        }
        String registryUrl = settings.schemaRegistryUrl();
        if (registryUrl.isEmpty()) {
            throw new UserException("a cluster at " + bootstrapServers
                    + " needs a schema registry: give its URL as --schema-registry-url");
        }
        return new Running(configuration.kafka(bootstrapServers, registryUrl), () -> {});
    }

    /** How to reach it; waits until it is there. */
    public KafkaSettings kafka() {
        try {
            return running.join().kafka();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Stops what was started. */
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
