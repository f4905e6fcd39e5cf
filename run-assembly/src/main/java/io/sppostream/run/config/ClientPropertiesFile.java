package io.sppostream.run.config;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

/** A file of Kafka client properties, as Kafka's own tools take it. Stateless. */
final class ClientPropertiesFile {
    /** Written for librdkafka. Java's clients have the same in {@code sasl.jaas.config}. */
    private static final Set<String> OF_LIBRDKAFKA = Set.of("sasl.username", "sasl.password");

    private ClientPropertiesFile() {}

    /** @throws UserException if the file can't be read, or has a property that is refused */
    static Map<String, String> read(Path file) {
        Properties given = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            given.load(in);
        } catch (IOException | IllegalArgumentException e) {
            throw new UserException("client properties " + file + " can't be read: "
                    + (Files.exists(file)
                            ? e.getMessage()
                            : "there is no such file; that of an embedded broker is in its --data-dir while it runs"));
        }
        Map<String, String> properties = new HashMap<>();
        for (String name : given.stringPropertyNames()) {
            if (!OF_LIBRDKAFKA.contains(name)) {
                if (!name.equals(SettingsDefinition.SCHEMA_REGISTRY_URL)) {
                    KafkaProperties.require(name, "in " + file);
                }
                KafkaProperties.requireSafe(name, given.getProperty(name), "in " + file);
                properties.put(name, given.getProperty(name));
            }
        }
        return properties;
    }
}
