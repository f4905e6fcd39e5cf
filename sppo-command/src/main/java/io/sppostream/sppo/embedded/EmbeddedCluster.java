package io.sppostream.sppo.embedded;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** A broker and a registry over one data directory: what {@code bootstrap.servers} and a registry URL stand for. */
public final class EmbeddedCluster implements AutoCloseable {
    private final DataDirectory directory;
    private final EmbeddedBroker broker;
    private final SchemaRegistry registry;

    private EmbeddedCluster(DataDirectory directory, EmbeddedBroker broker, SchemaRegistry registry) {
        this.directory = directory;
        this.broker = broker;
        this.registry = registry;
    }

    /**
     * Starts both, on what an earlier run of the directory has left there if there was one.
     *
     * @throws EmbeddedException if it can't be done, with nothing left running
     */
    public static EmbeddedCluster start(EmbeddedSettings settings) {
        DataDirectory directory = DataDirectory.lock(settings.dataDirectory());
        Thread warmUp = new Thread(SchemaRegistry::warmUp, "schema-registry-warm-up");
        warmUp.setDaemon(true);
        warmUp.start();
        try {
            if (settings.registryPort() != 0) {
                Ports.requireFree("registry port", settings.registryPort()); // before a broker is started for nothing
            }
            EmbeddedBroker broker = EmbeddedBroker.start(directory, settings.brokerPort());
            try {
                // At another port than before the crash nobody of then can be a client.
                CompletableFuture<Void> cleaned = broker.isAfterCrash()
                        ? CompletableFuture.runAsync(
                                () -> CrashRemains.remove(broker.bootstrapServers(), settings.brokerPort() != 0))
                        : CompletableFuture.completedFuture(null);
                SchemaRegistry registry = SchemaRegistry.start(broker.bootstrapServers(), settings.registryPort());
                await(cleaned, registry);
                new RunningCluster(broker.bootstrapServers(), registry.url()).write(directory.clusterState());
                return new EmbeddedCluster(directory, broker, registry);
            } catch (RuntimeException e) {
                broker.close();
                throw e;
            }
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    private static void await(CompletableFuture<Void> cleaned, SchemaRegistry registry) {
        try {
            cleaned.join();
        } catch (CompletionException e) {
            registry.close();
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** {@code host:port} of the broker. */
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** {@code http://host:port} of the registry. */
    public String registryUrl() {
        return registry.url();
    }

    /** Completes with the reason if the broker ends before {@link #close()}; never otherwise. */
    public CompletionStage<EmbeddedException> brokerDied() {
        return broker.died();
    }

    /** Stops registry and broker and gives the directory back; clients should be closed before. */
    @Override
    public void close() {
        RunningCluster.remove(directory.clusterState());
        registry.close();
        broker.close();
        directory.close();
    }
}
