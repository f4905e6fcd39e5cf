package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.JoinState;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The join under a simulated log: events of many requests are lost, repeated, delayed and shuffled, and the task starts
 * anew from its stores in between, all from one seed. Whatever happens, each rollout settles exactly once.
 */
class ConservationTest {
    private static final int RUNS_PER_SEED = 25;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration REMEMBER = Duration.ofDays(1);

    private final Topics topics = new Topics("test", 1);
    private final EventSerdes serdes =
            new EventSerdes(new KafkaSettings("unused:9092", "mock://conservation", Map.of()));
    private final Serializer<Rollout> serializer = serdes.serializer(topics.rollouts());
    private final Deserializer<Rollout> deserializer = serdes.deserializer(topics.rollouts());

    @TempDir
    Path stateDirectory;

    private KeyValueStore<String, JoinState> requests;
    private KeyValueStore<String, byte[]> rollouts;
    private MockProcessorContext<String, SpecificRecord> context;
    private Join join;
    private long now;
    private final Map<String, TrainingSample> trained = new HashMap<>();
    private final Map<String, Expired> expired = new HashMap<>();

    @BeforeEach
    void start() {
        context = context();
        requests = store(Join.REQUESTS, serdes.serde(JoinState.class));
        rollouts = store(Join.ROLLOUTS, Serdes.ByteArray());
        restart();
    }

    @AfterEach
    void stop() {
        serdes.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldSettleEachRolloutExactlyOnceWhenEventsAreLostRepeatedAndShuffled(long seed) {
        Random random = new Random(seed);
        for (int run = 0; run < RUNS_PER_SEED; run++) {
            simulate(random, seed + "-" + run);
        }
    }

    private void simulate(Random random, String run) {
        Map<String, Sent> sent = new HashMap<>();
        List<SpecificRecord> log = new ArrayList<>();
        double loss = random.nextDouble() * 0.3;
        double repetition = random.nextDouble() * 0.5;
        for (int i = 0; i < 30; i++) {
            Sent request = new Sent("r-" + run + "-" + i, 1 + random.nextInt(4) * random.nextInt(2), random);
            sent.put(request.id, request);
            for (SpecificRecord event : request.events) {
                if (random.nextDouble() >= loss) {
                    do {
                        log.add(event);
                    } while (random.nextDouble() < repetition);
                }
            }
        }
        Collections.shuffle(log, random);
        boolean impatient = random.nextBoolean();

        for (SpecificRecord event : log) {
            join.take(arrival(event));
            collect();
            if (random.nextInt(40) == 0) {
                restart();
            }
            if (impatient && random.nextInt(5) == 0) {
                advance(Duration.ofMillis(random.nextInt(20_000)));
            }
        }
        advance(PATIENCE.plusSeconds(1));

        for (Sent request : sent.values()) {
            check(request, log);
        }
        advance(REMEMBER.plusSeconds(1));
        assertThat(requests.approximateNumEntries()).isZero();
        assertThat(rollouts.approximateNumEntries()).isZero();
        trained.clear();
        expired.clear();
    }

    private void check(Sent request, List<SpecificRecord> log) {
        boolean seen = request.events.stream().anyMatch(log::contains);
        Expired whole = expired.remove(request.id);
        for (int sample = 0; sample < request.samples; sample++) {
            String id = Arrival.rolloutId(request.id, sample);
            TrainingSample training = trained.remove(id);
            Expired expiry = expired.remove(id);
            int outcomes = (training == null ? 0 : 1) + (expiry == null ? 0 : 1) + (whole == null ? 0 : 1);
            assertThat(outcomes).as("outcomes of %s", id).isEqualTo(seen ? 1 : 0);
            if (training != null) {
                Verdict verdict = requireNonNull(request.verdicts.get(id));
                assertThat(log).contains(training.getRollout(), verdict, request.value);
                assertThat(training.getReward()).isEqualTo(verdict.getReward());
                assertThat(training.getSegments().get(0).getAdvantage())
                        .isEqualTo(training.getReward() - request.value.getProbability());
            }
            if (expiry != null
                    && EnumSet.of(ExpiryReason.NOT_JUDGED, ExpiryReason.INFRA_ERROR)
                            .contains(expiry.getReason())) {
                assertThat(requireNonNull(request.verdicts.get(id)).getReward()).isNull();
            }
        }
        assertThat(trained.keySet()).noneMatch(id -> id.startsWith(request.id + "/"));
        assertThat(expired.keySet()).noneMatch(id -> id.startsWith(request.id + "/"));
    }

    /** A request and all events that a log without losses would hold of it. */
    private static final class Sent {
        private final String id;
        private final int samples;
        private final Value value;
        private final Map<String, Verdict> verdicts = new HashMap<>();
        private final List<SpecificRecord> events = new ArrayList<>();

        private Sent(String id, int samples, Random random) {
            this.id = id;
            this.samples = samples;
            this.value = Events.value(id, 0.25);
            events.add(value);
            for (int sample = 0; sample < samples; sample++) {
                Verdict verdict = random.nextInt(8) == 0
                        ? Events.verdict(id, sample, VerdictStatus.INFRA_ERROR, null)
                        : Events.verdict(id, sample, random.nextBoolean());
                verdicts.put(verdict.getRolloutId(), verdict);
                events.add(Events.rollout(id, sample, samples));
                events.add(verdict);
            }
        }
    }

    private Arrival arrival(SpecificRecord event) {
        if (event instanceof Rollout rollout) {
            return new Arrival.OfRollout(
                    rollout, serializer.serialize(topics.rollouts().name(), rollout));
        }
        return event instanceof Verdict verdict ? new Arrival.OfVerdict(verdict) : new Arrival.OfValue((Value) event);
    }

    private void advance(Duration duration) {
        now += duration.toMillis();
        context.setCurrentSystemTimeMs(now);
        context.scheduledPunctuators()
                .forEach(scheduled -> scheduled.getPunctuator().punctuate(now));
        collect();
    }

    private void collect() {
        for (MockProcessorContext.CapturedForward<? extends String, ? extends SpecificRecord> forward :
                context.forwarded()) {
            if (forward.record().value() instanceof TrainingSample sample) {
                assertThat(trained.put(sample.getRollout().getRolloutId(), sample))
                        .isNull();
            } else if (forward.record().value() instanceof Expired expiry) {
                String id = expiry.getRolloutId() == null ? expiry.getRequestId() : expiry.getRolloutId();
                assertThat(expired.put(id, expiry)).isNull();
            }
        }
        context.resetForwards();
    }

    /** As after a crash: of all that the join knew, the stores are left. */
    private void restart() {
        context = context();
        context.addStateStore(requests);
        context.addStateStore(rollouts);
        context.setCurrentSystemTimeMs(now);
        join = new Join(
                context,
                new SppoEstimator(),
                new JoinSettings(PATIENCE, REMEMBER),
                bytes -> deserializer.deserialize(topics.rollouts().name(), bytes));
    }

    private MockProcessorContext<String, SpecificRecord> context() {
        Properties properties = new Properties();
        properties.put("application.id", "test");
        properties.put("bootstrap.servers", "unused:9092");
        return new MockProcessorContext<>(properties, new TaskId(0, 0), stateDirectory.toFile());
    }

    private <V> KeyValueStore<String, V> store(String name, Serde<V> values) {
        KeyValueStore<String, V> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.String(), values)
                .withLoggingDisabled()
                .build();
        store.init(context.getStateStoreContext(), store);
        return store;
    }
}
