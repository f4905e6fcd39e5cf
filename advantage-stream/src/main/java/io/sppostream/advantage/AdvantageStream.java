package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
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
 * The role that credits: a rollout, its verdicts and its request's value, in whatever order they arrive, become one
 * training sample on {@code advantages} as soon as the rollout, the value and the verdicts that its reward depends on
 * ({@link Combination}) are there. Verdicts of shadows, and of verifiers that reward nothing, are passed over. Each
 * rollout settles exactly once: trained, or expired with a reason (not judged, or something did not arrive in time).
 * What another role lets go of, as the producer does a prompt that no policy can answer, is settled here too.
 * Duplicates, and what comes after its rollout has settled, are dropped and counted by the metric
 * {@code dropped-records-total}; they leave no record, since a rollout that is already settled must not count again.
 */
public final class AdvantageStream {
    private AdvantageStream() {}

    /** Starts the role. */
    public static StreamsApp start(
            KafkaSettings kafka,
            Topics topics,
            EventSerdes serdes,
            AdvantageEstimator estimator,
            JoinSettings settings,
            Path stateDirectory,
            int threads,
            Consumer<Throwable> onFailure) {
        return StreamsApp.start(
                topology(topics, serdes, estimator, settings),
                new RunLog(kafka, serdes, topics),
                RoleName.ADVANTAGE_STREAM,
                stateDirectory,
                threads,
                onFailure);
    }

    /**
     * rollouts, verdicts, values, expired -> join -> advantages, expired, dead letters of rollouts. Its time is the wall clock of
     * Kafka Streams. The stores are in memory, as pacing bounds what waits, and cached: what comes and goes between two
     * commits leaves no record in their changelogs.
     */
    public static Topology topology(
            Topics topics, EventSerdes serdes, AdvantageEstimator estimator, JoinSettings settings) {
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
                        () -> new Joining(topics, serdes, estimator, settings),
                        "rollouts",
                        "verdicts",
                        "values",
                        "settled-elsewhere")
                .addStateStore(store(Join.REQUESTS, serdes.serde(JoinState.class)), "join")
                .addStateStore(store(Join.ROLLOUTS, Serdes.ByteArray()), "join")
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
                        Join.DEAD_ROLLOUTS,
                        topics.rollouts().deadLetters(),
                        new StringSerializer(),
                        new ByteArraySerializer(),
                        "join");
    }

    private static <V> StoreBuilder<KeyValueStore<String, V>> store(String name, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withCachingEnabled();
    }

    /** Gives each start of a task a join of its own, so that nothing of a failed one stays behind. */
    private static final class Joining implements Processor<String, JoinInput, String, Object> {
        private final Topics topics;
        private final EventSerdes serdes;
        private final AdvantageEstimator estimator;
        private final JoinSettings settings;
        private @Nullable Join join;

        private Joining(Topics topics, EventSerdes serdes, AdvantageEstimator estimator, JoinSettings settings) {
            this.topics = topics;
            this.serdes = serdes;
            this.estimator = estimator;
            this.settings = settings;
        }

        @Override
        public void init(ProcessorContext<String, Object> context) {
            Deserializer<Rollout> deserializer = serdes.deserializer(topics.rollouts());
            join = new Join(
                    context,
                    estimator,
                    settings,
                    topics.rollouts().name(),
                    bytes -> deserializer.deserialize(topics.rollouts().name(), bytes));
        }

        @Override
        public void process(Record<String, JoinInput> record) {
            requireNonNull(join).take(record.value());
        }
    }
}
