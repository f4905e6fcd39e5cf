package io.sppostream.embedded;

import io.sppostream.log.KafkaSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A broker and a schema registry over one data directory, in place of an external cluster. Thread-safe. */
public final class EmbeddedCluster implements AutoCloseable {
    private final DataDirectory directory;
    private final EmbeddedBroker broker;
    private final SchemaRegistry registry;
    private final RunningCluster running;
    private final @Nullable SecuredListener secured;

    private EmbeddedCluster(
            DataDirectory directory,
            EmbeddedBroker broker,
            SchemaRegistry registry,
            RunningCluster running,
            @Nullable SecuredListener secured) {
        this.directory = directory;
        this.broker = broker;
        this.registry = registry;
        this.running = running;
        this.secured = secured;
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
            SecuredListener secured =
                    settings.secured() == null ? null : settings.secured().onFreePort();
            EmbeddedBroker broker = EmbeddedBroker.start(directory, settings.brokerPort(), secret, secured, () -> {
                launched.run();
                warmUp();
            });
            try {
                SchemaRegistry registry =
                        SchemaRegistry.start(broker.bootstrapServers(), settings.registryPort(), secret, secured);
                RunningCluster running = RunningCluster.of(broker.bootstrapServers(), registry.url(), secret, secured);
                running.write(directory.clientProperties(), secret);
                return new EmbeddedCluster(directory, broker, registry, running, secured);
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

    /** {@code http://host:port} of the registry, or {@code https} if the cluster has a second listener. */
    public String registryUrl() {
        return registry.url();
    }

    /**
     * The connection of a user to the second listener.
     *
     * @param user with SCRAM credentials on the cluster
     * @param password of that user
     * @throws IllegalStateException if the cluster has no second listener
     */
    public KafkaSettings kafka(String user, String password) {
        if (secured == null) {
            throw new IllegalStateException("the embedded cluster has no second listener");
        }
        Map<String, String> properties = new HashMap<>(secured.client(user, password));
        properties.putAll(secured.registryClient());
        return new KafkaSettings(Ports.HOST + ":" + secured.port(), registryUrl(), properties);
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
