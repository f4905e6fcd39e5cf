package io.sppostream.log;

import io.sppostream.events.catalogue.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * How to reach the cluster, and the client settings that all roles share. The methods return a new, mutable map for one
 * client each. Immutable.
 *
 * @param bootstrapServers Kafka's {@code bootstrap.servers}
 * @param schemaRegistryUrl URL of a registry that speaks Confluent's protocol, or {@code mock://scope} in tests
 * @param properties any Kafka or registry client properties (TLS, SASL, ...); they override the settings made here, except
 *     for ids of groups and transactions
 * @param clients creates the clients
 */
public record KafkaSettings(
        String bootstrapServers, String schemaRegistryUrl, Map<String, String> properties, KafkaClients clients) {

    /**
     * Producers gather records for up to this many milliseconds. It delays nobody: writers end a batch by a flush or a
     * commit, which send at once, and readers see no record of a transaction before its commit.
     */
    private static final int LINGER_MS = 100;

    /**
     * Tokens, texts, ids and hashes shrink to a quarter or less. Log-probabilities and weights hardly shrink. Level 1 gives
     * up early on them; Kafka's default, level 3, spends ten times as long and gains nothing.
     */
    private static final Map<String, Object> COMPRESSION =
            Map.of(ProducerConfig.COMPRESSION_TYPE_CONFIG, "zstd", ProducerConfig.COMPRESSION_ZSTD_LEVEL_CONFIG, 1);

    /**
     * A group gives the partitions of a member to others when it has been silent for this long and has not restarted
     * ({@link GroupInstance}). With Kafka's default of 45 s the work of a killed role would lie idle for that long.
     * Heartbeats are sent three times as often, by a separate thread, so a busy member is not taken for dead.
     */
    private static final int SESSION_MS = 10_000;

    /**
     * A group removes a member that has not polled for this long. It is also how long the others wait for that member when
     * one joins, so it bounds the harm of a hung worker. No role needs it: a rollout producer polls while it generates, an
     * asynchronous verifier while it judges, and Kafka Streams polls at the latest after half of it. Only a commit to a
     * broker that does not answer takes as long, and its work is done again.
     */
    private static final int MAX_POLL_INTERVAL_MS = 120_000;

    /**
     * The broker aborts the open transaction of a killed role after this long; until then its readers wait. It is ample
     * for sending events: no transaction is open while a role computes them.
     */
    private static final Duration TRANSACTION = Duration.ofSeconds(10);

    /**
     * How soon a client asks again, twice as late each time up to a second. A new topic has its leader after a few
     * milliseconds, and the first record of a run waits for it.
     */
    private static final int RETRY_MS = 20;

    /**
     * Leaves the size of a socket's buffers to the system, which adapts it. Kafka's 32 to 128 KB are less than a batch, so
     * that one fetch of long rollouts would take dozens of reads.
     */
    private static final int SYSTEM_BUFFERS = -1;

    /** The default of the brokers' {@code transaction.max.timeout.ms}. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    /**
     * A fetch that finds no records waits at the broker for this many milliseconds, and further requests of the client,
     * such as a seek or an end offset, queue behind it on the same connection. With Kafka's default of 500 the start of a
     * run would be spent waiting. Consumers that follow a topic keep the default, since each empty fetch costs work.
     */
    private static final int FETCH_WAIT_MS = 50;

    /** Most bytes of a request, which holds one record at least: a dead letter, and what Kafka adds to it. */
    private static final int REQUEST_BYTES = Topics.MAX_DEAD_LETTER_BYTES + (1 << 20);

    /** Before the name of a SASL user in {@link #user()}. */
    static final String USER_PREFIX = "user ";

    private static final Pattern JAAS_USER = Pattern.compile("\\b(?:username|clientId)=(?:\"([^\"]+)\"|([^\\s;\"]+))");

    /** Consumers give up a request, such as one for end offsets, after this many milliseconds without an answer. */
    private static final int ANSWER_MS = 15_000;

    public KafkaSettings {
        properties = Map.copyOf(properties);
    }

    /** A log over the network. */
    public KafkaSettings(String bootstrapServers, String schemaRegistryUrl, Map<String, String> properties) {
        this(bootstrapServers, schemaRegistryUrl, properties, KafkaClients.NETWORK);
    }

    /** A copy with a property added or replaced. */
    public KafkaSettings with(String property, String value) {
        Map<String, String> changed = new HashMap<>(properties);
        changed.put(property, value);
        return new KafkaSettings(bootstrapServers, schemaRegistryUrl, changed, clients);
    }

    /** Whom the cluster takes the clients for, in words: a SASL user, a certificate, or nobody. */
    public String user() {
        String tokenClient = properties.get(SaslConfigs.SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_ID);
        if (tokenClient != null) {
            return USER_PREFIX + tokenClient;
        }
        Matcher jaas = JAAS_USER.matcher(properties.getOrDefault(SaslConfigs.SASL_JAAS_CONFIG, ""));
        if (jaas.find()) {
            return USER_PREFIX + (jaas.group(1) == null ? jaas.group(2) : jaas.group(1));
        }
        String certificate = properties.get(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);
        return certificate == null ? "this client" : "the certificate of " + certificate;
    }

    /** Settings of an admin client. */
    public Map<String, Object> admin() {
        return withOverrides(new HashMap<>());
    }

    /** Settings of an idempotent producer. */
    public Map<String, Object> producer() {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        settings.putAll(COMPRESSION);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, REQUEST_BYTES);
        return withOverrides(settings);
    }

    /**
     * Settings of a transactional producer, which fences earlier producers with the same id.
     *
     * @param open how long a transaction may stay open, in addition to the time it takes to send a batch of events
     */
    public Map<String, Object> transactionalProducer(String transactionalId, Duration open) {
        Map<String, Object> settings = producer();
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        Duration timeout = TRANSACTION.plus(open);
        settings.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int)
                (timeout.compareTo(LONGEST_TRANSACTION) < 0 ? timeout : LONGEST_TRANSACTION).toMillis());
        return settings;
    }

    /** Settings of a consumer without a group that reads committed records only, from the beginning of the log. */
    public Map<String, Object> consumer() {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
        return withOverrides(settings);
    }

    /** Settings of a consumer as {@link #consumer()} that reads briefly and seeks often. */
    public Map<String, Object> lookup() {
        Map<String, Object> settings = consumer();
        settings.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MS);
        return settings;
    }

    /** Settings of a consumer that commits offsets of a group without being its member; partitions are assigned to it. */
    public Map<String, Object> consumer(String group) {
        Map<String, Object> settings = consumer();
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        settings.merge(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, Redelivery.class.getName(), KafkaSettings::both);
        return settings;
    }

    /** Settings of a member of a consumer group. */
    public Map<String, Object> consumer(String group, GroupInstance member) {
        Map<String, Object> settings = consumer(group);
        settings.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, member.id());
        settings.putIfAbsent(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MS);
        settings.putIfAbsent(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, MAX_POLL_INTERVAL_MS);
        settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        return settings;
    }

    /**
     * Settings of an exactly-once Kafka Streams application.
     *
     * @param applicationId the role's id in the namespace
     * @param stateDirectory where its state stores are kept on disk
     * @param threads stream threads
     */
    public Map<String, Object> streams(String applicationId, Path stateDirectory, int threads) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, threads);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        settings.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, DeadLetterHandler.class.getName());
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class.getName());
        // CommitAfterPoll commits records that others wait for. Its clock runs between polls, hence the short poll. The
        // commit interval covers state that nobody waits for yet; such a commit would cut a batch in two.
        settings.put(StreamsConfig.POLL_MS_CONFIG, 10);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 2_000);
        // Changelogs hold rollouts that wait.
        settings.put(
                StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG),
                Integer.toString(Topics.MAX_DEAD_LETTER_BYTES));
        // No topology depends on the order of records across topics, so tasks need not wait for an empty partition.
        settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Not prefixed by producer. or consumer., since prefixed settings would override unprefixed user properties.
        settings.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        settings.putAll(COMPRESSION);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, REQUEST_BYTES);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MS);
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, MAX_POLL_INTERVAL_MS);
        withOverrides(settings);
        settings.merge(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG),
                Redelivery.class.getName(),
                KafkaSettings::both);
        return settings;
    }

    private static Object both(Object given, Object own) {
        return given + "," + own;
    }

    /** What the user sets for topics: {@code topic.PROPERTY}, as Kafka Streams does for those that it creates. */
    public Map<String, String> topicProperties() {
        Map<String, String> given = new HashMap<>();
        properties.forEach((property, value) -> {
            if (property.startsWith(StreamsConfig.TOPIC_PREFIX)) {
                given.put(property.substring(StreamsConfig.TOPIC_PREFIX.length()), value);
            }
        });
        return given;
    }

    /** Settings of the registry client. */
    public Map<String, Object> registry() {
        return new HashMap<>(properties);
    }

    private Map<String, Object> withOverrides(Map<String, Object> settings) {
        settings.put("bootstrap.servers", bootstrapServers);
        settings.put(CommonClientConfigs.RETRY_BACKOFF_MS_CONFIG, RETRY_MS);
        settings.put(CommonClientConfigs.SEND_BUFFER_CONFIG, SYSTEM_BUFFERS);
        settings.put(CommonClientConfigs.RECEIVE_BUFFER_CONFIG, SYSTEM_BUFFERS);
        settings.putAll(properties);
        return settings;
    }
}
