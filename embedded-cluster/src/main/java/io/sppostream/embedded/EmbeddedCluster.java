package io.sppostream.embedded;

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
                SchemaRegistry registry = SchemaRegistry.start(broker.bootstrapServers(), settings.registryPort());
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
