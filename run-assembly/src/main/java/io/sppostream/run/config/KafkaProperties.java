package io.sppostream.run.config;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientConfig;
import io.confluent.kafka.serializers.AbstractKafkaSchemaSerDeConfig;
import io.sppostream.log.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Properties of the Kafka and registry clients, the settings {@code kafka.PROPERTY}. They are passed through, so that a
 * client would ignore a misspelt one with a warning in the log; here it is refused. Properties that no client defines,
 * such as those of an interceptor, are given as {@code kafka.custom.PROPERTY}.
 */
final class KafkaProperties {
    /** Before a property that is passed on unchecked. */
    static final String CUSTOM = "custom.";

    /** The prefixes by which Kafka Streams tells its clients apart. */
    private static final List<String> CLIENTS = List.of(
            StreamsConfig.MAIN_CONSUMER_PREFIX,
            StreamsConfig.RESTORE_CONSUMER_PREFIX,
            StreamsConfig.GLOBAL_CONSUMER_PREFIX,
            StreamsConfig.CONSUMER_PREFIX,
            StreamsConfig.PRODUCER_PREFIX,
            StreamsConfig.ADMIN_CLIENT_PREFIX);

    /** The registry client also reads its properties, and those of TLS, with this prefix. */
    private static final String REGISTRY = SchemaRegistryClientConfig.CLIENT_NAMESPACE;

    private static final Set<String> KNOWN = known();

    private KafkaProperties() {}

    private static Set<String> known() {
        Set<String> known = new TreeSet<>();
        known.addAll(AdminClientConfig.configNames());
        known.addAll(ConsumerConfig.configNames());
        known.addAll(ProducerConfig.configNames());
        known.addAll(StreamsConfig.configDef().names());
        ConfigDef registry = AbstractKafkaSchemaSerDeConfig.baseConfigDef();
        known.addAll(registry.names());
        // The client reads these without a definition.
        known.addAll(List.of(
                SchemaRegistryClientConfig.HTTP_CONNECT_TIMEOUT_MS,
                SchemaRegistryClientConfig.HTTP_READ_TIMEOUT_MS,
                SchemaRegistryClientConfig.MAX_RETRIES_CONFIG,
                SchemaRegistryClientConfig.RETRIES_WAIT_MS_CONFIG,
                SchemaRegistryClientConfig.RETRIES_MAX_WAIT_MS_CONFIG,
                SchemaRegistryClientConfig.LATEST_CACHE_TTL_CONFIG,
                SchemaRegistryClientConfig.MISSING_CACHE_SIZE_CONFIG,
                SchemaRegistryClientConfig.MISSING_ID_CACHE_TTL_CONFIG,
                SchemaRegistryClientConfig.MISSING_VERSION_CACHE_TTL_CONFIG,
                SchemaRegistryClientConfig.MISSING_SCHEMA_CACHE_TTL_CONFIG,
                SchemaRegistryClientConfig.URL_RANDOMIZE,
                SchemaRegistryClientConfig.BEARER_AUTH_CREDENTIALS_SOURCE,
                SchemaRegistryClientConfig.BEARER_AUTH_TOKEN_CONFIG,
                SchemaRegistryClientConfig.BEARER_AUTH_ISSUER_ENDPOINT_URL,
                SchemaRegistryClientConfig.BEARER_AUTH_CLIENT_ID,
                SchemaRegistryClientConfig.BEARER_AUTH_CLIENT_SECRET,
                SchemaRegistryClientConfig.BEARER_AUTH_SCOPE,
                SchemaRegistryClientConfig.BEARER_AUTH_SCOPE_CLAIM_NAME,
                SchemaRegistryClientConfig.BEARER_AUTH_SUB_CLAIM_NAME,
                SchemaRegistryClientConfig.BEARER_AUTH_LOGICAL_CLUSTER,
                SchemaRegistryClientConfig.BEARER_AUTH_IDENTITY_POOL_ID,
                SchemaRegistryClientConfig.BEARER_AUTH_CACHE_EXPIRY_BUFFER_SECONDS,
                SchemaRegistryClientConfig.BEARER_AUTH_CUSTOM_PROVIDER_CLASS));
        return known;
    }

    /**
     * Checks the name of a property.
     *
     * @param where the source of the setting, for the message
     * @throws UserException if no client has it
     */
    static void require(String property, String where) {
        // The broker checks the settings of topics.
        if (property.startsWith(CUSTOM) || property.startsWith(StreamsConfig.TOPIC_PREFIX) || isKnown(property)) {
            return;
        }
        String prefix =
                CLIENTS.stream().filter(property::startsWith).findFirst().orElse("");
        List<String> near = Suggestions.near(property.substring(prefix.length()), KNOWN).stream()
                .map(name -> SettingsDefinition.KAFKA + prefix + name)
                .toList();
        throw new UserException("no Kafka or registry client has a property '" + property + "' ("
                + SettingsDefinition.KAFKA + property + ", " + where + ")" + Suggestions.asked(near)
                + (near.isEmpty()
                        ? "; a property of a class of your own is given as " + SettingsDefinition.KAFKA + CUSTOM
                                + property
                        : ""));
    }

    private static boolean isKnown(String property) {
        return KNOWN.contains(property)
                || CLIENTS.stream()
                        .anyMatch(prefix ->
                                property.startsWith(prefix) && KNOWN.contains(property.substring(prefix.length())))
                || (property.startsWith(REGISTRY) && KNOWN.contains(property.substring(REGISTRY.length())));
    }

    /** The properties as the clients read them: without the mark of unchecked ones. */
    static Map<String, String> forClients(Map<String, String> properties) {
        Map<String, String> named = new HashMap<>();
        properties.forEach((property, value) ->
                named.put(property.startsWith(CUSTOM) ? property.substring(CUSTOM.length()) : property, value));
        return named;
    }
}
