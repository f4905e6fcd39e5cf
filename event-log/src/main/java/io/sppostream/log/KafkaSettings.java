package io.sppostream.log;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * How to reach the cluster, and the client settings all roles share.
 *
 * @param bootstrapServers Kafka's bootstrap.servers
 * @param schemaRegistryUrl URL of a registry that speaks Confluent's protocol, or {@code mock://scope} in tests
 * @param properties any Kafka or registry client property (TLS, SASL, ...), which wins over what is set here
 * @param clients makes the clients
 */
public record KafkaSettings(
        String bootstrapServers, String schemaRegistryUrl, Map<String, String> properties, KafkaClients clients) {

    /**
     * Writers say when they are done, by a flush or a commit, and no reader sees anything of a transaction before: until
     * then records are gathered, in milliseconds.
     */
    private static final int LINGER_MS = 100;

    /**
     * A member of a group that is silent for so long is dead, and what it had taken on is given to others, where it does
     * not come back before ({@link GroupInstance}). Kafka's 45 s would be the time the work of a killed role lies idle;
     * members report every third of it, in a thread of their own.
     */
    private static final int SESSION_MS = 10_000;

    /**
     * What a killed role has left open is aborted after this long: readers wait behind it. It is ample for sending what
     * has been worked out, and no transaction is open while it is.
     */
    private static final Duration TRANSACTION = Duration.ofSeconds(10);

    /** More than that no broker allows by its defaults. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    /**
     * A fetch that finds nothing waits at the broker for news, in milliseconds, and what its client asks for next waits
     * behind it, as there is one connection: another place to read from, an end. With Kafka's 500 the start of a run
     * would be spent waiting. For those who follow a topic, though, each fetch that brings nothing is work for nothing.
     */
    private static final int FETCH_WAIT_MS = 50;

    /** A client that is to say where a topic ends, and has no answer for so many milliseconds, gives up. */
    private static final int ANSWER_MS = 15_000;

    public KafkaSettings {
        properties = Map.copyOf(properties);
    }

    /** A log over the network. */
    public KafkaSettings(String bootstrapServers, String schemaRegistryUrl, Map<String, String> properties) {
        this(bootstrapServers, schemaRegistryUrl, properties, KafkaClients.NETWORK);
    }

    /** The same with another property, or another value for it. */
    public KafkaSettings with(String property, String value) {
        Map<String, String> changed = new HashMap<>(properties);
        changed.put(property, value);
        return new KafkaSettings(bootstrapServers, schemaRegistryUrl, changed, clients);
    }

    /** Settings of an administrator. */
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
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 4 << 20);
        return withOverrides(settings);
    }

    /**
     * Settings of a producer whose transactions fence those of an earlier one of the same id.
     *
     * @param open how long a transaction may be open, over what it takes to send a batch of events
     */
    public Map<String, Object> transactionalProducer(String transactionalId, Duration open) {
        Map<String, Object> settings = producer();
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        Duration timeout = TRANSACTION.plus(open);
        settings.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int)
                (timeout.compareTo(LONGEST_TRANSACTION) < 0 ? timeout : LONGEST_TRANSACTION).toMillis());
        return settings;
    }

    /** Settings of a consumer that sees committed transactions only and starts at the beginning of the log. */
    public Map<String, Object> consumer() {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2_000);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
        return withOverrides(settings);
    }

    /** The same for one that looks at what is there, here and there. */
    public Map<String, Object> lookup() {
        Map<String, Object> settings = consumer();
        settings.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, FETCH_WAIT_MS);
        return settings;
    }

    /** Settings of a consumer that commits in the name of a group, of which it is the only one. */
    public Map<String, Object> consumer(String group) {
        Map<String, Object> settings = consumer();
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        return settings;
    }

    /** Settings of a member of a consumer group. */
    public Map<String, Object> consumer(String group, GroupInstance member) {
        Map<String, Object> settings = consumer(group);
        settings.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, member.id());
        settings.putIfAbsent(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MS);
        settings.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName());
        return settings;
    }

    /**
     * Settings of an exactly-once Kafka Streams application.
     *
     * @param applicationId the role's name in the namespace
     * @param stateDirectory where its stores live on disk
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
        // What others wait for is committed by CommitOnIdle, which the thread gets to when a poll has returned; the
        // interval is for what nobody waits for yet, and for input that never pauses.
        settings.put(StreamsConfig.POLL_MS_CONFIG, 10);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 300);
        // No topology depends on the order of records of different topics, so none waits for an empty one.
        settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // Without the prefixes of producer and consumer, which would win over properties without them.
        settings.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, 256 << 10);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 4 << 20);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MS);
        return withOverrides(settings);
    }

    /** Settings of the registry client. */
    public Map<String, Object> registry() {
        return new HashMap<>(properties);
    }

    private Map<String, Object> withOverrides(Map<String, Object> settings) {
        settings.put("bootstrap.servers", bootstrapServers);
        settings.putAll(properties);
        return settings;
    }
}
