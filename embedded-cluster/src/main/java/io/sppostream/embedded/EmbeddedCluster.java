package io.sppostream.embedded;

import java.util.concurrent.CompletionStage;

/** A broker and a schema registry over one data directory, in place of an external cluster. Thread-safe. */
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
     * Starts broker and registry, with the data that the directory has from earlier runs.
     *
     * @throws EmbeddedException if one of them cannot be started; nothing is left running
     */
    public static EmbeddedCluster start(EmbeddedSettings settings) {
        DataDirectory directory = DataDirectory.lock(settings.dataDirectory());
        Thread warmUp = new Thread(SchemaRegistry::warmUp, "schema-registry-warm-up");
        warmUp.setDaemon(true);
        warmUp.start();
        try {
            if (settings.registryPort() != 0) {
                Ports.requireFree("registry port", settings.registryPort()); // before starting a broker in vain
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

    /** Completes with the reason if the broker ends before {@link #close()}; otherwise never. */
    public CompletionStage<EmbeddedException> brokerDied() {
        return broker.died();
    }

    /** Stops registry and broker and releases the directory. Close clients first. */
    @Override
    public void close() {
        RunningCluster.remove(directory.clusterState());
        registry.close();
        broker.close();
        directory.close();
    }
}
