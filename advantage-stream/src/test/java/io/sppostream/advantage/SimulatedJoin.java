package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Expired;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The join over an in-memory log, with the exactly-once semantics of Kafka Streams: input offsets, output and stores are
 * committed together. After a crash, a new join starts from the last commit. Its clock is advanced by hand.
 */
final class SimulatedJoin {
    private static final Topics TOPICS = JoinDriver.TOPICS;
    // Looking for rules on the class path would take most of a simulation's time.
    private static final EventSerdes SERDES = new EventSerdes(
            new KafkaSettings("unused:9092", "mock://simulated-join", Map.of("rule.service.loader.enable", "false")));
    private static final Serializer<Rollout> SERIALIZER = SERDES.serializer(TOPICS.rollouts());
    private static final Deserializer<Rollout> DESERIALIZER = SERDES.deserializer(TOPICS.rollouts());

    private final Path stateDirectory;
    private final JoinSettings settings;
    private final Map<Topic<?>, List<SpecificRecord>> log = new LinkedHashMap<>();
    private final Map<Topic<?>, Integer> read = new HashMap<>();
    private final Set<String> expiredElsewhere = new HashSet<>();
    private Set<String> committedExpiredElsewhere = Set.of();
    private final List<Object> written = new ArrayList<>();
    private final List<Object> committed = new ArrayList<>();
    private Map<Topic<?>, Integer> committedRead = Map.of();
    private Map<String, JoinState> committedRequests = Map.of();
    private Map<String, byte[]> committedRollouts = Map.of();
    private Map<Deadlines.Deadline, byte[]> committedDeadlines = Map.of();
    private MockProcessorContext<String, Object> context;
    private KeyValueStore<String, JoinState> requests;
    private KeyValueStore<String, byte[]> rollouts;
    private KeyValueStore<Deadlines.Deadline, byte[]> deadlines;
    private Join join;
    private long now;

    SimulatedJoin(Path stateDirectory, JoinSettings settings) {
        this.stateDirectory = stateDirectory;
        this.settings = settings;
        for (Topic<?> topic : List.of(TOPICS.rollouts(), TOPICS.verdicts(), TOPICS.values(), TOPICS.expired())) {
            log.put(topic, new ArrayList<>());
        }
        crash();
    }

    /** Appends an event to its topic. */
    void append(SpecificRecord event) {
        requireNonNull(log.get(JoinDriver.topic(event))).add(event);
    }

    /** The topics with unread records. */
    List<Topic<?>> unread() {
        return log.keySet().stream()
                .filter(topic -> read.getOrDefault(topic, 0)
                        < requireNonNull(log.get(topic)).size())
                .toList();
    }

    /** Processes the next record of a topic. */
    void process(Topic<?> topic) {
        int next = read.merge(topic, 1, Integer::sum) - 1;
        SpecificRecord event = requireNonNull(log.get(topic)).get(next);
        join.take(input(event));
        if (event instanceof Expired expired) {
            expiredElsewhere.add(requireNonNull(expired.getRolloutId()));
        }
        collect();
    }

    private static JoinInput input(SpecificRecord event) {
        return event instanceof Rollout rollout
                ? new JoinInput.OfRollout(
                        rollout, SERIALIZER.serialize(TOPICS.rollouts().name(), rollout))
                : Events.input(event);
    }

    /** The rollout that a dead letter holds. */
    static Rollout rollout(byte[] bytes) {
        return DESERIALIZER.deserialize(TOPICS.rollouts().name(), bytes);
    }

    /** Lets time pass, and lets the join read its clock. */
    void advance(Duration duration) {
        now += duration.toMillis();
        context.setCurrentSystemTimeMs(now);
        context.scheduledPunctuators()
                .forEach(scheduled -> scheduled.getPunctuator().punctuate(now));
        collect();
    }

    private void collect() {
        context.forwarded().forEach(forward -> {
            written.add(forward.record().value());
            if (forward.record().value() instanceof TrainingSample sample
                    && expiredElsewhere.contains(sample.getRollout().getRolloutId())) {
                throw new AssertionError(sample.getRollout().getRolloutId()
                        + " is trained, and the join has read that another role has expired it");
            }
        });
        context.resetForwards();
    }

    void commit() {
        committedRead = Map.copyOf(read);
        committedExpiredElsewhere = Set.copyOf(expiredElsewhere);
        committedRequests = copy(requests);
        committedRollouts = copy(rollouts);
        committedDeadlines = copy(deadlines);
        committed.addAll(written);
        written.clear();
    }

    /** Turns the committed stores into those of a version that knew deadlines and waiting rollouts from its memory. */
    void downgrade() {
        committedDeadlines = Map.of();
        Map<String, JoinState> former = new LinkedHashMap<>();
        committedRequests.forEach((id, state) -> {
            boolean onlyRollouts = !state.getClosed()
                    && state.getValue() == null
                    && state.getValues().isEmpty()
                    && state.getVerdicts().isEmpty()
                    && state.getSettled().isEmpty();
            if (!onlyRollouts) {
                former.put(
                        id,
                        new JoinState(
                                state.getClosed(),
                                state.getSamples(),
                                state.getValue(),
                                state.getValues(),
                                state.getVerdicts(),
                                state.getSettled(),
                                List.of(),
                                Instant.EPOCH,
                                List.of()));
            }
        });
        committedRequests = former;
    }

    /** Whether something was forwarded since the last commit. */
    boolean hasUncommittedOutput() {
        return !written.isEmpty();
    }

    /** Loses everything that is not committed, and starts a new join. */
    void crash() {
        written.clear();
        read.clear();
        read.putAll(committedRead);
        expiredElsewhere.clear();
        expiredElsewhere.addAll(committedExpiredElsewhere);
        Properties properties = new Properties();
        properties.put("application.id", "test");
        properties.put("bootstrap.servers", "unused:9092");
        context = new MockProcessorContext<>(properties, new TaskId(0, 0), stateDirectory.toFile());
        context.setCurrentSystemTimeMs(now);
        requests = store(Join.REQUESTS, Serdes.String(), SERDES.stateSerde(JoinState.class), committedRequests);
        rollouts = store(Join.ROLLOUTS, Serdes.String(), Serdes.ByteArray(), committedRollouts);
        deadlines = store(Join.DEADLINES, Deadlines.SERDE, Serdes.ByteArray(), committedDeadlines);
        join = new Join(context, settings, TOPICS.rollouts().name(), SimulatedJoin::rollout, LogObserver.NONE);
    }

    private <K, V> KeyValueStore<K, V> store(String name, Serde<K> keys, Serde<V> values, Map<K, V> content) {
        KeyValueStore<K, V> store = Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), keys, values)
                .withLoggingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        content.forEach(store::put);
        context.addStateStore(store);
        return store;
    }

    private static <K, V> Map<K, V> copy(KeyValueStore<K, V> store) {
        Map<K, V> copy = new LinkedHashMap<>();
        try (KeyValueIterator<K, V> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<K, V> entry = all.next();
                copy.put(entry.key, entry.value);
            }
        }
        return copy;
    }

    /** Number of entries in all stores. */
    int stored() {
        return copy(requests).size() + copy(rollouts).size() + copy(deadlines).size();
    }

    /** The committed output of one type, in order. */
    <V> List<V> committed(Class<V> type) {
        return committed.stream().filter(type::isInstance).map(type::cast).toList();
    }
}
