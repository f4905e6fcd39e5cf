package io.sppostream.sppo.train;

import io.sppostream.log.KafkaSettings;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Configuration;
import io.sppostream.sppo.config.Settings;
import io.sppostream.sppo.embedded.EmbeddedCluster;
import io.sppostream.sppo.embedded.EmbeddedSettings;
import java.util.function.Consumer;

/**
 * The cluster a command works on: the embedded one, for as long as the command runs, or one that is there already.
 *
 * @param kafka how to reach it
 * @param onClose stops what was started for it
 */
public record Cluster(KafkaSettings kafka, Runnable onClose) implements AutoCloseable {

    /**
     * Starts or finds the cluster of a configuration.
     *
     * @param onFailure told if an embedded broker ends by itself
     */
    public static Cluster open(Configuration configuration, Consumer<Throwable> onFailure) {
        Settings settings = configuration.settings();
        String bootstrapServers = settings.getString("bootstrap.servers");
        if (bootstrapServers.isEmpty()) {
            EmbeddedCluster embedded = EmbeddedCluster.start(new EmbeddedSettings(
                    settings.dataDirectory(), settings.getInt("broker.port"), settings.getInt("registry.port")));
            embedded.brokerDied().thenAccept(onFailure);
            return new Cluster(
                    configuration.kafka(embedded.bootstrapServers(), embedded.registryUrl()), embedded::close);
        }
        String registryUrl = settings.getString("schema.registry.url");
        if (registryUrl.isEmpty()) {
            throw new UserException("a cluster at " + bootstrapServers
                    + " needs a schema registry: give its URL as --schema-registry-url");
        }
        return new Cluster(configuration.kafka(bootstrapServers, registryUrl), () -> {});
    }

    @Override
    public void close() {
        onClose.run();
    }
}
