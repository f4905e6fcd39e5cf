package io.sppostream.embedded;

import io.sppostream.log.KafkaSettings;
import io.sppostream.log.PrivateFiles;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code client.properties} of a running embedded cluster: its addresses and what a client needs to connect. It
 * has the form that Kafka's tools read, and other users cannot read it. Immutable.
 *
 * @param bootstrapServers of the broker
 * @param registryUrl of the schema registry
 * @param properties of Kafka and registry clients, the credentials among them
 */
public record RunningCluster(String bootstrapServers, String registryUrl, Map<String, String> properties) {
    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final String REGISTRY_URL = "schema.registry.url";

    public RunningCluster {
        properties = Map.copyOf(properties);
    }

    static RunningCluster of(
            String bootstrapServers, String registryUrl, ClusterSecret secret, @Nullable SecuredListener secured) {
        Map<String, String> properties = new HashMap<>(secret.kafkaClient());
        properties.putAll(secret.registryClient());
        if (secured != null) {
            properties.putAll(secured.registryClient());
        }
        return new RunningCluster(bootstrapServers, registryUrl, properties);
    }

    /**
     * The cluster that a process, possibly this one, runs on a directory; empty if none does.
     *
     * @throws EmbeddedException if it is just starting or stopping
     */
    public static Optional<RunningCluster> of(Path dataDirectory) {
        if (!DataDirectory.isInUse(dataDirectory)) {
            return Optional.empty();
        }
        Properties p = new Properties();
        try (Reader in = Files.newBufferedReader(DataDirectory.clientProperties(dataDirectory))) {
            p.load(in);
        } catch (IOException e) {
            throw new EmbeddedException("the process that runs the broker of " + dataDirectory
                    + " is starting or stopping: try again in a moment");
        }
        Map<String, String> properties = new HashMap<>();
        p.stringPropertyNames().stream()
                .filter(name -> !name.startsWith("sasl.username") && !name.startsWith("sasl.password"))
                .forEach(name -> properties.put(name, p.getProperty(name)));
        String servers = properties.remove(BOOTSTRAP_SERVERS);
        String registry = properties.remove(REGISTRY_URL);
        return Optional.of(
                new RunningCluster(servers == null ? "" : servers, registry == null ? "" : registry, properties));
    }

    /** The file of a data directory, which is there while a process runs the cluster. */
    public static Path file(Path dataDirectory) {
        return DataDirectory.clientProperties(dataDirectory).normalize();
    }

    /** The connection to the cluster. */
    public KafkaSettings kafka() {
        return new KafkaSettings(bootstrapServers, registryUrl, properties);
    }

    /** Writes the file that {@link #of} reads. */
    void write(Path file, ClusterSecret secret) {
        Properties p = new Properties();
        p.putAll(properties);
        p.putAll(secret.librdkafkaClient());
        p.setProperty(BOOTSTRAP_SERVERS, bootstrapServers);
        p.setProperty(REGISTRY_URL, registryUrl);
        try {
            StringWriter text = new StringWriter();
            p.store(text, "the running cluster of this directory, for clients: see docs/log.md");
            PrivateFiles.write(file, text.toString());
        } catch (IOException e) {
            throw new EmbeddedException(file + " can't be written: " + e, e);
        }
    }

    /** Removes the file when the cluster stops. */
    static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Nobody reads it once the lock is released.
        }
    }

    /** Hides the credentials. */
    @Override
    public String toString() {
        return "RunningCluster[" + bootstrapServers + ", " + registryUrl + "]";
    }
}
