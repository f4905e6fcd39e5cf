package io.sppostream.log;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates and checks the topics of a namespace, and looks up offsets of topics and consumer groups. Thread-safe. */
public final class TopicAdmin implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 15;
    private static final long LEADERS_POLL_MS = 10;
    private static final int SAFE_REPLICAS = 3;
    private static final int SAFE_IN_SYNC = 2;
    private static final int SEGMENT_BYTES = 32 << 20;
    private static final Set<TransactionState> ABORTED = EnumSet.of(
            TransactionState.PREPARE_EPOCH_FENCE, TransactionState.PREPARE_ABORT, TransactionState.COMPLETE_ABORT);

    private final KafkaSettings kafka;
    private final Admin admin;

    /**
     * Creates a client of the cluster.
     *
     * @throws LogException if the client cannot be created; that no broker answers shows at the first request
     */
    public TopicAdmin(KafkaSettings kafka) {
        this.kafka = kafka;
        Map<String, Object> settings = kafka.admin();
        settings.putIfAbsent("default.api.timeout.ms", (int) TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
        settings.putIfAbsent("request.timeout.ms", 5_000);
        try {
            this.admin = kafka.clients().admin(settings);
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    /** Whether the namespace has topics. */
    public boolean exists(Topics topics) {
        return names().contains(topics.runs().name());
    }

    /**
     * Creates missing topics, dead-letter topics included, and returns when they can be written to. The properties
     * {@code topic.PROPERTY} of the settings apply to those that it creates.
     *
     * @param replication replicas of each partition; -1 for the broker's default
     * @throws LogException if a topic exists with another number of partitions, or cannot be created
     */
    public void create(Topics topics, short replication) {
        Set<String> present = names();
        List<NewTopic> missing = all(topics, replication).stream()
                .filter(topic -> !present.contains(topic.name()))
                .map(topic -> with(kafka.topicProperties(), topic))
                .toList();
        admin.createTopics(missing).values().forEach((name, created) -> {
            try {
                created.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    // The broker's answer does not repeat the name.
                    Throwable cause = e.getCause() instanceof TopicAuthorizationException
                            ? new TopicAuthorizationException(Set.of(name))
                            : e;
                    throw new LogException(
                            "topic " + name + " can't be created: "
                                    + AccessDenied.explain(cause, kafka.user(), Set.of(AccessRole.OPERATOR))
                                            .orElseGet(() -> LogException.reason(e)),
                            e);
                }
            } catch (TimeoutException e) {
                throw unreachable(e);
            } catch (InterruptedException e) {
                throw new InterruptException(e);
            }
        });
        check(topics, present);
        awaitLeaders(missing);
    }

    /**
     * Waits until the brokers lead the partitions of new topics. An idempotent producer that writes earlier can stall: the
     * broker refuses its first batch, accepts the one that is under way behind it, and from then on refuses the first as
     * out of order, until its delivery times out after minutes.
     */
    private void awaitLeaders(List<NewTopic> created) {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (NewTopic topic : created) {
            for (int partition = 0; partition < topic.numPartitions(); partition++) {
                ends.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
            }
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        try {
            while (!areLed(ends, deadline)) {
                TimeUnit.MILLISECONDS.sleep(LEADERS_POLL_MS);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw unreachable(e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** The client gives up at once if the broker that it asks has not heard of a topic: false until the deadline. */
    private boolean areLed(Map<TopicPartition, OffsetSpec> ends, long deadline)
            throws ExecutionException, TimeoutException, InterruptedException {
        try {
            admin.listOffsets(ends).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException && System.nanoTime() < deadline) {
                return false;
            }
            throw e;
        }
    }

    /**
     * The topics of a run as they are created, dead-letter topics included.
     *
     * @param replication replicas of each partition; -1 for the broker's default
     */
    public static List<NewTopic> all(Topics topics, short replication) {
        List<NewTopic> all = new ArrayList<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            NewTopic created = newTopic(topic.name(), topic.partitions(), replication, Topics.MAX_MESSAGE_BYTES);
            all.add(topic.valueType() == WeightsChunk.class ? inShortSegments(created) : created);
            all.add(newTopic(topic.deadLetters(), 1, replication, Topics.MAX_DEAD_LETTER_BYTES));
        }
        return all;
    }

    /** A topic whose records are kept forever, compressed on disk also where other programs send them uncompressed. */
    static NewTopic newTopic(String name, int partitions, short replication, int maxMessageBytes) {
        return new NewTopic(name, partitions, replication)
                .configs(Map.of(
                        TopicConfig.COMPRESSION_TYPE_CONFIG,
                        "zstd",
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        "-1",
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        Integer.toString(maxMessageBytes)));
    }

    static NewTopic with(Map<String, String> properties, NewTopic topic) {
        Map<String, String> configs = new HashMap<>(topic.configs());
        configs.putAll(properties);
        return topic.configs(configs);
    }

    /** A topic whose oldest records are deleted as it grows: brokers free disk space by whole segments. */
    static NewTopic inShortSegments(NewTopic topic) {
        return with(Map.of(TopicConfig.SEGMENT_BYTES_CONFIG, Integer.toString(SEGMENT_BYTES)), topic);
    }

    private void check(Topics topics, Set<String> present) {
        Map<String, Integer> expected = new HashMap<>();
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            if (present.contains(topic.name())) {
                expected.put(topic.name(), topic.partitions());
            }
        }
        Map<String, TopicDescription> found =
                await(admin.describeTopics(expected.keySet()).allTopicNames());
        expected.forEach((name, partitions) -> {
            int actual =
                    Objects.requireNonNull(found.get(name), name).partitions().size();
            if (actual != partitions) {
                throw new LogException("topic " + name + " has " + actual + " partitions, " + partitions
                        + " are configured: set partitions to " + actual + ", or use another namespace");
            }
        });
    }

    /**
     * Why the loss of one broker could lose a committed record of the run; empty if it can't.
     *
     * @param topics of a run that exists
     */
    public Optional<String> risk(Topics topics) {
        List<String> names = topics.all().stream().map(Topic::name).toList();
        int replicas = await(admin.describeTopics(names).allTopicNames()).values().stream()
                .flatMap(topic -> topic.partitions().stream())
                .mapToInt(partition -> partition.replicas().size())
                .min()
                .orElseThrow();
        List<ConfigResource> resources = names.stream()
                .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                .toList();
        int inSync = await(admin.describeConfigs(resources).all()).values().stream()
                .mapToInt(config -> Integer.parseInt(
                        config.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value()))
                .min()
                .orElseThrow();
        return risk(topics.namespace(), replicas, inSync);
    }

    static Optional<String> risk(String run, int replicas, int inSync) {
        if (replicas >= SAFE_REPLICAS && inSync >= SAFE_IN_SYNC) {
            return Optional.empty();
        }
        return Optional.of(
                "topics of run '" + run + "' have " + replicas + " replicas and min.insync.replicas " + inSync
                        + ": the loss of a broker can lose a committed step. Create the topics with --set replication.factor="
                        + SAFE_REPLICAS + " --set kafka.topic.min.insync.replicas=" + SAFE_IN_SYNC + " or more");
    }

    /**
     * The topics of an existing namespace, with the number of partitions that they have.
     *
     * @throws LogException if it does not exist, with the names of those that do
     */
    public Topics find(String namespace) {
        Set<String> names = names();
        Topics topics = new Topics(namespace, 1);
        String name = topics.advantages().name();
        if (!names.contains(topics.runs().name()) || !names.contains(name)) {
            throw new LogException("there is no run '" + namespace + "' at " + kafka.bootstrapServers() + "; "
                    + (namespaces(names).isEmpty() ? "there are no runs" : "runs: " + namespaces(names))
                    + visibility());
        }
        TopicDescription found = Objects.requireNonNull(
                await(admin.describeTopics(List.of(name)).allTopicNames()).get(name), name);
        return new Topics(namespace, found.partitions().size());
    }

    /** Brokers hide topics that a user may not describe; empty if the clients have no user. */
    public String visibility() {
        return kafka.user().startsWith(KafkaSettings.USER_PREFIX)
                ? ", as far as " + kafka.user() + " may see them (./sppo topics --acls)"
                : "";
    }

    private static String namespaces(Set<String> names) {
        String runs = new Topics("_", 1).runs().name().substring(1);
        return names.stream()
                .filter(name -> name.endsWith(runs))
                .map(name -> name.substring(0, name.length() - runs.length()))
                .collect(Collectors.joining(", "));
    }

    /**
     * The current ends of topics, by partition: the offset after the last record.
     *
     * @param isolation with {@code READ_UNCOMMITTED} the end is after the records of open transactions, with {@code
     *     READ_COMMITTED} before the first of them
     */
    public Map<TopicPartition, Long> ends(IsolationLevel isolation, List<? extends Topic<?>> topics) {
        return offsets(OffsetSpec.latest(), new ListOffsetsOptions(isolation), topics);
    }

    /** The offsets of the first records that topics still have, by partition. */
    public Map<TopicPartition, Long> beginnings(List<? extends Topic<?>> topics) {
        return offsets(OffsetSpec.earliest(), new ListOffsetsOptions(), topics);
    }

    /** The offsets of the first records written at a time or later, by partition; the end if there is none. */
    public Map<TopicPartition, Long> after(Instant time, List<? extends Topic<?>> topics) {
        Map<TopicPartition, Long> ends = ends(IsolationLevel.READ_COMMITTED, topics);
        offsets(OffsetSpec.forTimestamp(time.toEpochMilli()), new ListOffsetsOptions(), topics)
                .forEach((partition, offset) -> {
                    if (offset >= 0) {
                        ends.put(partition, offset);
                    }
                });
        return ends;
    }

    /** When the newest record of a topic was written; empty if it has none. */
    public Optional<Instant> newest(Topic<?> topic) {
        return find(OffsetSpec.maxTimestamp(), new ListOffsetsOptions(), List.of(topic)).values().stream()
                .map(ListOffsetsResultInfo::timestamp)
                .filter(time -> time >= 0)
                .max(Comparator.naturalOrder())
                .map(Instant::ofEpochMilli);
    }

    private Map<TopicPartition, Long> offsets(
            OffsetSpec which, ListOffsetsOptions options, List<? extends Topic<?>> topics) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        find(which, options, topics).forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    private Map<TopicPartition, ListOffsetsResultInfo> find(
            OffsetSpec which, ListOffsetsOptions options, List<? extends Topic<?>> topics) {
        Map<TopicPartition, OffsetSpec> request = new HashMap<>();
        for (Topic<?> topic : topics) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                request.put(new TopicPartition(topic.name(), partition), which);
            }
        }
        return await(admin.listOffsets(request, options).all());
    }

    /**
     * The bytes that topics take on the disks of all brokers, replicas included, by name; empty if the cluster does not
     * let this client know.
     */
    public Map<String, Long> bytesOnDisk(List<? extends Topic<?>> topics) {
        Set<String> names = topics.stream().map(Topic::name).collect(Collectors.toSet());
        List<Integer> brokers =
                await(admin.describeCluster().nodes()).stream().map(Node::id).toList();
        Map<String, Long> bytes = new HashMap<>();
        try {
            admin.describeLogDirs(brokers).allDescriptions().get(TIMEOUT_SECONDS, TimeUnit.SECONDS).values().stream()
                    .flatMap(directories -> directories.values().stream())
                    .flatMap(directory -> directory.replicaInfos().entrySet().stream())
                    .filter(replica -> names.contains(replica.getKey().topic()))
                    .forEach(replica -> bytes.merge(
                            replica.getKey().topic(), replica.getValue().size(), Long::sum));
            return bytes;
        } catch (ExecutionException | TimeoutException e) {
            return Map.of();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /** Most bytes of a record that a topic takes: its {@code max.message.bytes}. */
    public int maxMessageBytes(Topic<?> topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
        Config config = Objects.requireNonNull(
                await(admin.describeConfigs(List.of(resource)).all()).get(resource));
        return Integer.parseInt(config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
    }

    /** The offsets that a consumer group has committed, by partition; empty if there is no such group. */
    public Map<TopicPartition, Long> committed(String group) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata())
                .forEach((partition, committed) -> {
                    if (committed != null) {
                        offsets.put(partition, committed.offset());
                    }
                });
        return offsets;
    }

    /** Whether the last transaction of an id was aborted, or is being aborted, and no producer has started since. */
    public boolean isAbandoned(String transactionalId) {
        return ABORTED.contains(
                await(admin.describeTransactions(List.of(transactionalId)).description(transactionalId))
                        .state());
    }

    private Set<String> names() {
        return new TreeSet<>(await(admin.listTopics().names()));
    }

    private <T> T await(KafkaFuture<T> future) {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw unreachable(e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private LogException unreachable(Exception e) {
        Optional<String> denied = AccessDenied.explain(e, kafka.user(), Set.of());
        if (denied.isPresent()) {
            return new LogException(denied.get(), e);
        }
        String why =
                e instanceof TimeoutException ? " within " + TIMEOUT_SECONDS + " s" : ": " + LogException.reason(e);
        return new LogException("no Kafka broker answers at " + kafka.bootstrapServers() + why
                + " (check --bootstrap-servers and the broker)");
    }

    @Override
    public void close() {
        admin.close();
    }
}
