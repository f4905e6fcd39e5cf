package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.StreamsApp;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * The role that assigns credit: joins the rollouts of a request with their verdicts and values, in whatever order they
 * arrive, and writes the training samples that its {@link io.sppostream.estimator.AdvantageEstimator} makes of them to
 * {@code advantages}. A group settles as a whole, in one transaction, as soon as its rollouts, the verdicts that their
 * rewards depend on ({@link Combination}), and the values have arrived. Verdicts of shadows, and of verifiers that
 * reward nothing, are ignored; so are values that the estimator does not read. If the estimator asks for follow-ups,
 * they are written to {@code prompts} as the rollouts arrive that they continue, and the group waits for theirs as
 * well. Each rollout settles exactly once: it is trained, or it expires with a reason (evidence for others, not judged,
 * or something did not arrive in time). A rollout that another role expires, for example because no policy can answer
 * its prompt, has settled as well. Duplicates, and records that arrive after their rollout has settled, are dropped and
 * counted by the metric {@code dropped-records-total}; they leave no record, since a rollout must not be counted twice.
 */
public final class AdvantageStream {
    private AdvantageStream() {}

    /**
     * Starts the role.
     *
     * @param stateDirectory where the state of the application lives on disk
     * @param threads number of stream threads
     * @param onFailure told once why the role stops by itself
     */
    public static StreamsApp start(
            RunLog runLog, JoinSettings settings, Path stateDirectory, int threads, Consumer<Throwable> onFailure) {
        return StreamsApp.start(
                topology(runLog, settings), runLog, RoleName.ADVANTAGE_STREAM, stateDirectory, threads, onFailure);
    }

    /**
     * rollouts, verdicts, values, expired -> join -> advantages, expired, prompts, DLQ of rollouts. Its time is the wall clock of
     * Kafka Streams. The stores are on disk, since neither the number of open requests nor that of remembered ones is
     * bounded. Those whose entries change several times between two commits are cached, so that each is written once.
     */
    public static Topology topology(RunLog runLog, JoinSettings settings) {
        Topics topics = runLog.topics();
        EventSerdes serdes = runLog.serdes();
        StringDeserializer key = new StringDeserializer();
        return new Topology()
                .addSource(
                        "rollouts",
                        key,
                        JoinInput.rollouts(topics, serdes),
                        topics.rollouts().name())
                .addSource(
                        "verdicts",
                        key,
                        JoinInput.verdicts(topics, serdes),
                        topics.verdicts().name())
                .addSource(
                        "values",
                        key,
                        JoinInput.values(topics, serdes),
                        topics.values().name())
                .addSource(
                        "settled-elsewhere",
                        key,
                        JoinInput.expired(topics, serdes),
                        topics.expired().name())
                .addProcessor(
                        "join",
                        () -> new JoinProcessor(topics, serdes, settings),
                        "rollouts",
                        "verdicts",
                        "values",
                        "settled-elsewhere")
                .addStateStore(store(Join.REQUESTS, Serdes.String(), serdes.stateSerde(JoinState.class)), "join")
                .addStateStore(store(Join.ROLLOUTS, Serdes.String(), Serdes.ByteArray()), "join")
                .addStateStore(
                        store(Join.DEADLINES, Deadlines.SERDE, Serdes.ByteArray())
                                .withCachingDisabled(),
                        "join")
                .addSink(
                        Join.ADVANTAGES,
                        topics.advantages().name(),
                        new StringSerializer(),
                        serdes.serializer(topics.advantages()),
                        "join")
                .addSink(
                        Join.EXPIRED,
                        topics.expired().name(),
                        new StringSerializer(),
                        serdes.serializer(topics.expired()),
                        "join")
                .addSink(
                        Join.FOLLOW_UPS,
                        topics.prompts().name(),
                        new StringSerializer(),
                        serdes.serializer(topics.prompts()),
                        "join")
                .addSink(
                        Join.DEAD_ROLLOUTS,
                        topics.rollouts().deadLetters(),
                        new StringSerializer(),
                        new ByteArraySerializer(),
                        "join");
    }

    private static <K, V> StoreBuilder<KeyValueStore<K, V>> store(String name, Serde<K> keys, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), keys, values)
                .withCachingEnabled();
    }

    /** Creates a new join whenever its task starts, so that no state of a failed task survives. */
    private static final class JoinProcessor implements Processor<String, JoinInput, String, Object> {
        private final Topics topics;
        private final EventSerdes serdes;
        private final JoinSettings settings;
        private @Nullable Join join;

        private JoinProcessor(Topics topics, EventSerdes serdes, JoinSettings settings) {
            this.topics = topics;
            this.serdes = serdes;
            this.settings = settings;
        }

        @Override
        public void init(ProcessorContext<String, Object> context) {
            String topic = topics.rollouts().name();
            Deserializer<Rollout> deserializer = serdes.deserializer(topics.rollouts());
            join = new Join(
                    context, settings, topic, bytes -> deserializer.deserialize(topic, bytes), serdes.observer());
        }

        @Override
        public void process(Record<String, JoinInput> record) {
            requireNonNull(join).take(record.value());
        }

        @Override
        public void close() {
            if (join != null) {
                join.end();
            }
        }
    }
}
