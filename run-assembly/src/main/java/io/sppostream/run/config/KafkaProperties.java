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
import org.apache.kafka.common.config.TopicConfig;
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

    /** Properties on which exactly-once processing rests: the value that the roles set, and why no other will do. */
    private static final Map<String, Fixed> FIXED = Map.of(
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            new Fixed("read_committed", "readers must not see what a crash has rolled back"),
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            new Fixed("false", "offsets are committed with the events made from the records before them"),
            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
            new Fixed("", "each role has its own, by which a second one of it is fenced"),
            ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
            new Fixed("", "each member of a group has its own"),
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
            new Fixed("true", "a retried send must not write an event twice"),
            ProducerConfig.ACKS_CONFIG,
            new Fixed("all", "an acknowledged event must survive the loss of a broker", List.of("-1")),
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            new Fixed(StreamsConfig.EXACTLY_ONCE_V2, "no rollout may be lost or joined twice"),
            StreamsConfig.TOPIC_PREFIX + TopicConfig.CLEANUP_POLICY_CONFIG,
            new Fixed("", "each topic has its own: the log keeps all records, changelogs the last of a key"),
            ConsumerConfig.GROUP_PROTOCOL_CONFIG,
            new Fixed(
                    "classic",
                    "the roles set session.timeout.ms and an assignor, which are the broker's in other protocols"));

    /**
     * A property that cannot be changed.
     *
     * @param value the only value it takes; empty if the roles give each client its own
     * @param synonyms other spellings of the value
     */
    private record Fixed(String value, String reason, List<String> synonyms) {
        private Fixed(String value, String reason) {
            this(value, reason, List.of());
        }

        private boolean accepts(String given) {
            return !value.isEmpty() && (given.equalsIgnoreCase(value) || synonyms.contains(given));
        }
    }

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

    /**
     * Checks that a property does not break the rules of the log.
     *
     * @param where the source of the setting, for the message
     * @throws UserException if the roles depend on another value
     */
    static void requireSafe(String property, String value, String where) {
        String plain = property.startsWith(CUSTOM) ? property.substring(CUSTOM.length()) : property;
        String prefix = CLIENTS.stream().filter(plain::startsWith).findFirst().orElse("");
        Fixed fixed = FIXED.get(plain.substring(prefix.length()));
        if (fixed != null && !fixed.accepts(value.strip())) {
            throw new UserException(SettingsDefinition.KAFKA + property + " (" + where + ") can't be "
                    + (fixed.value().isEmpty() ? "set" : "'" + value + "', only '" + fixed.value() + "'") + ": "
                    + fixed.reason() + "; remove it");
        }
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
