package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Expired;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
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
 * The join over a log in memory, exactly once as Kafka Streams has it: what it read, wrote and keeps in its stores is
 * committed together, and after a crash it starts from the last commit, with a join that remembers nothing else. Its
 * clock is moved by hand.
 */
final class SimulatedJoin {
    private static final Topics TOPICS = JoinDriver.TOPICS;
    private static final EventSerdes SERDES =
            new EventSerdes(new KafkaSettings("unused:9092", "mock://simulated-join", Map.of()));
    private static final Serializer<Rollout> SERIALIZER = SERDES.serializer(TOPICS.rollouts());
    private static final Deserializer<Rollout> DESERIALIZER = SERDES.deserializer(TOPICS.rollouts());

    private final Path stateDirectory;
    private final JoinSettings settings;
    private final Map<Topic<?>, List<SpecificRecord>> log = new LinkedHashMap<>();
    private final Map<Topic<?>, Integer> read = new HashMap<>();
    private final List<Object> written = new ArrayList<>();
    private final List<Object> committed = new ArrayList<>();
    private Map<Topic<?>, Integer> committedRead = Map.of();
    private Map<String, JoinState> committedRequests = Map.of();
    private Map<String, byte[]> committedRollouts = Map.of();
    private MockProcessorContext<String, Object> context;
    private KeyValueStore<String, JoinState> requests;
    private KeyValueStore<String, byte[]> rollouts;
    private Join join;
    private long now;

    SimulatedJoin(Path stateDirectory, JoinSettings settings) {
        this.stateDirectory = stateDirectory;
        this.settings = settings;
        for (Topic<?> topic : List.of(TOPICS.rollouts(), TOPICS.verdicts(), TOPICS.values())) {
            log.put(topic, new ArrayList<>());
        }
        crash();
    }

    /** Appends an event to its topic. */
    void append(SpecificRecord event) {
        requireNonNull(log.get(JoinDriver.topic(event))).add(event);
    }

    /** The topics of which something is still to be read. */
    List<Topic<?>> unread() {
        return log.keySet().stream()
                .filter(topic -> read.getOrDefault(topic, 0)
                        < requireNonNull(log.get(topic)).size())
                .toList();
    }

    /** Processes the next record of a topic. */
    void process(Topic<?> topic) {
        int next = read.merge(topic, 1, Integer::sum) - 1;
        join.take(arrival(requireNonNull(log.get(topic)).get(next)));
        collect();
    }

    private static JoinInput arrival(SpecificRecord event) {
        if (event instanceof Rollout rollout) {
            return new JoinInput.OfRollout(
                    rollout, SERIALIZER.serialize(TOPICS.rollouts().name(), rollout));
        }
        return event instanceof Verdict verdict
                ? new JoinInput.OfVerdict(verdict)
                : new JoinInput.OfValue((Value) event);
    }

    /** Lets time pass, and the join look at its clock. */
    void advance(Duration duration) {
        now += duration.toMillis();
        context.setCurrentSystemTimeMs(now);
        context.scheduledPunctuators()
                .forEach(scheduled -> scheduled.getPunctuator().punctuate(now));
        collect();
    }

    private void collect() {
        context.forwarded().forEach(forward -> written.add(forward.record().value()));
        context.resetForwards();
    }

    void commit() {
        committedRead = Map.copyOf(read);
        committedRequests = copy(requests);
        committedRollouts = copy(rollouts);
        committed.addAll(written);
        written.clear();
    }

    /** Loses all that was not committed, and starts anew. */
    void crash() {
        written.clear();
        read.clear();
        read.putAll(committedRead);
        Properties properties = new Properties();
        properties.put("application.id", "test");
        properties.put("bootstrap.servers", "unused:9092");
        context = new MockProcessorContext<>(properties, new TaskId(0, 0), stateDirectory.toFile());
        context.setCurrentSystemTimeMs(now);
        requests = store(Join.REQUESTS, SERDES.serde(JoinState.class), committedRequests);
        rollouts = store(Join.ROLLOUTS, Serdes.ByteArray(), committedRollouts);
        join = new Join(
                context,
                settings,
                TOPICS.rollouts().name(),
                bytes -> DESERIALIZER.deserialize(TOPICS.rollouts().name(), bytes));
    }

    private <V> KeyValueStore<String, V> store(String name, Serde<V> values, Map<String, V> content) {
        KeyValueStore<String, V> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withLoggingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        content.forEach(store::put);
        context.addStateStore(store);
        return store;
    }

    private static <V> Map<String, V> copy(KeyValueStore<String, V> store) {
        Map<String, V> copy = new LinkedHashMap<>();
        try (KeyValueIterator<String, V> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, V> entry = all.next();
                copy.put(entry.key, entry.value);
            }
        }
        return copy;
    }

    /** Entries of both stores. */
    int stored() {
        return copy(requests).size() + copy(rollouts).size();
    }

    /** The training samples that were committed, in order. */
    List<TrainingSample> samples() {
        return committed.stream()
                .filter(TrainingSample.class::isInstance)
                .map(TrainingSample.class::cast)
                .toList();
    }

    /** What was committed as expired, in order. */
    List<Expired> expired() {
        return committed.stream()
                .filter(Expired.class::isInstance)
                .map(Expired.class::cast)
                .toList();
    }
}
