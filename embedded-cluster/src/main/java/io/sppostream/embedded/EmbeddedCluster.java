package io.sppostream.embedded;

import io.sppostream.log.KafkaSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;

/** A broker and a schema registry over one data directory, in place of an external cluster. Thread-safe. */
public final class EmbeddedCluster implements AutoCloseable {
    private final DataDirectory directory;
    private final EmbeddedBroker broker;
    private final SchemaRegistry registry;
    private final RunningCluster running;

    private EmbeddedCluster(
            DataDirectory directory, EmbeddedBroker broker, SchemaRegistry registry, RunningCluster running) {
        this.directory = directory;
        this.broker = broker;
        this.registry = registry;
        this.running = running;
    }

    /** Starts broker and registry; see {@link #start(EmbeddedSettings, Runnable)}. */
    public static EmbeddedCluster start(EmbeddedSettings settings) {
        return start(settings, () -> {});
    }

    /**
     * Starts broker and registry, with the data that the directory has from earlier runs.
     *
     * @param launched called once the broker's process is running, a second before it is ready; must return at once
     * @throws EmbeddedException if one of them cannot be started; nothing is left running
     */
    public static EmbeddedCluster start(EmbeddedSettings settings, Runnable launched) {
        DataDirectory directory = DataDirectory.lock(settings.dataDirectory());
        try {
            if (settings.registryPort() != 0) {
                Ports.requireFree("registry port", settings.registryPort()); // before starting a broker in vain
            }
            ClusterSecret secret = secret(directory);
            EmbeddedBroker broker = EmbeddedBroker.start(directory, settings.brokerPort(), secret, () -> {
                launched.run();
                warmUp();
            });
            try {
                SchemaRegistry registry =
                        SchemaRegistry.start(broker.bootstrapServers(), settings.registryPort(), secret);
                RunningCluster running = RunningCluster.of(broker.bootstrapServers(), registry.url(), secret);
                running.write(directory.clientProperties(), secret);
                return new EmbeddedCluster(directory, broker, registry, running);
            } catch (RuntimeException e) {
                broker.close();
                throw e;
            }
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /** Not before the broker's process runs, which has more to do. */
    private static void warmUp() {
        Thread thread = new Thread(SchemaRegistry::warmUp, "schema-registry-warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    private static ClusterSecret secret(DataDirectory directory) {
        try {
            return ClusterSecret.in(directory.secret());
        } catch (IOException e) {
            throw new EmbeddedException(
                    "the secret of the embedded cluster, " + directory.secret() + ", can't be read or written: " + e,
                    e);
        }
    }

    /** The connection to the cluster, with the credentials that it requires. */
    public KafkaSettings kafka() {
        return running.kafka();
    }

    /** A file with the addresses and credentials, for other processes of this user. */
    public Path clientProperties() {
        return directory.clientProperties();
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
        RunningCluster.remove(directory.clientProperties());
        registry.close();
        broker.close();
        directory.close();
    }
}
