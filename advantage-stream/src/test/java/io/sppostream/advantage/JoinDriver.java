package io.sppostream.advantage;

import io.sppostream.advantage.Combination.Rule;
import io.sppostream.estimator.builtin.SppoEstimator;
import io.sppostream.events.Expired;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import io.sppostream.log.RunLog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** The advantage stream under the test driver. Its clock starts at {@link #START} and is advanced by hand. */
final class JoinDriver implements AutoCloseable {
    static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    static final Topics TOPICS = new Topics("test", 1);
    static final JoinSettings SETTINGS = new JoinSettings(
            new SppoEstimator(1),
            true,
            new RewardRules(
                    Combination.of("exact"),
                    Map.of("essays", new Combination(Rule.ALL, List.of("style", "facts"), List.of()))),
            Duration.ofMinutes(1),
            Duration.ofMinutes(5));

    private final EventSerdes serdes;
    private final TopologyTestDriver driver;
    private final TestInputTopic<String, Rollout> rollouts;
    private final TestInputTopic<String, Verdict> verdicts;
    private final TestInputTopic<String, Value> values;
    private final TestInputTopic<String, Expired> refusals;
    private final TestOutputTopic<String, TrainingSample> advantages;
    private final TestOutputTopic<String, Expired> expired;

    JoinDriver(Path stateDirectory) {
        this(stateDirectory, LogObserver.NONE);
    }

    JoinDriver(Path stateDirectory, LogObserver observer) {
        KafkaSettings kafka = new KafkaSettings("unused:9092", "mock://advantage-stream", Map.of());
        serdes = new EventSerdes(kafka, observer);
        Properties properties = new Properties();
        properties.putAll(kafka.streams(TOPICS.application(RoleName.ADVANTAGE_STREAM), stateDirectory, 1));
        // With exactly-once, the test driver discards an open transaction before each record, and dead letters with it.
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        driver = new TopologyTestDriver(
                AdvantageStream.topology(new RunLog(kafka, serdes, TOPICS), SETTINGS), properties, START);
        rollouts = input(TOPICS.rollouts());
        verdicts = input(TOPICS.verdicts());
        values = input(TOPICS.values());
        refusals = input(TOPICS.expired());
        advantages = output(TOPICS.advantages());
        expired = output(TOPICS.expired());
    }

    private <V extends SpecificRecord> TestInputTopic<String, V> input(Topic<V> topic) {
        return driver.createInputTopic(topic.name(), new StringSerializer(), serdes.serializer(topic));
    }

    private <V extends SpecificRecord> TestOutputTopic<String, V> output(Topic<V> topic) {
        return driver.createOutputTopic(topic.name(), new StringDeserializer(), serdes.deserializer(topic));
    }

    /** The topic of an event. */
    static Topic<?> topic(SpecificRecord event) {
        if (event instanceof Rollout) {
            return TOPICS.rollouts();
        } else if (event instanceof Expired) {
            return TOPICS.expired();
        }
        return event instanceof Verdict ? TOPICS.verdicts() : TOPICS.values();
    }

    void send(SpecificRecord... events) {
        for (SpecificRecord event : events) {
            if (event instanceof Rollout rollout) {
                rollouts.pipeInput(rollout.getRequestId(), rollout);
            } else if (event instanceof Verdict verdict) {
                verdicts.pipeInput(verdict.getRequestId(), verdict);
            } else if (event instanceof Expired refusal) {
                refusals.pipeInput(refusal.getRequestId(), refusal);
            } else {
                values.pipeInput(((Value) event).getRequestId(), (Value) event);
            }
        }
    }

    void sendBytes(Topic<?> topic, String key, byte[] value) {
        driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput(key, value);
    }

    /** A rollout as it is serialized on its topic. */
    byte[] bytes(Rollout rollout) {
        return serdes.serializer(TOPICS.rollouts()).serialize(TOPICS.rollouts().name(), rollout);
    }

    void advance(Duration duration) {
        driver.advanceWallClockTime(duration);
    }

    List<KeyValue<String, TrainingSample>> advantages() {
        return advantages.readKeyValuesToList();
    }

    List<Expired> expired() {
        return expired.readValuesToList();
    }

    List<TestRecord<String, byte[]>> deadLetters(Topic<?> topic) {
        return driver.createOutputTopic(topic.deadLetters(), new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    /** Number of entries in a state store. */
    int stored(String store) {
        int entries = 0;
        try (var all = driver.getKeyValueStore(store).all()) {
            while (all.hasNext()) {
                all.next();
                entries++;
            }
        }
        return entries;
    }

    double droppedRecords() {
        return driver.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals("dropped-records-total")
                        && metric.getKey().group().equals("stream-advantage-metrics"))
                .mapToDouble(metric -> (double) metric.getValue().metricValue())
                .sum();
    }

    @Override
    public void close() {
        driver.close();
        serdes.close();
    }
}
