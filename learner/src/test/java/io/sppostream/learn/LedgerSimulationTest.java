package io.sppostream.learn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.ExactlyOnceLog;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import io.sppostream.log.Received;
import io.sppostream.log.Topic;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.TokenSequence;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The ledger in a world that one seed decides: samples come in their own time, the learner is killed at any call of the
 * log, within commits too, and taken over by another; what it writes is what a learner that nothing happens to writes.
 *
 * <p>{@code -Dsimulation.seeds=1000} tries more seeds than a build has time for; {@code -Dsimulation.seed=N
 * -Dsimulation.seeds=1} is the one that a failure names.
 */
class LedgerSimulationTest {
    private static final int STEPS = 5;
    private static final int BATCH = 4;
    private static final LineSettings LINE = new LineSettings(1, BATCH, 2, "configuration");
    private static final PolicyUpdate.Settings UPDATE =
            new PolicyUpdate.Settings(new ClippedPolicyLoss(0.2, 3), false, new LearningRate(1e-2, 0), 2, 1);
    private static final EventSerdes SERDES =
            new EventSerdes(new KafkaSettings("unused:9092", "mock://ledger-simulation", Map.of()));
    private static final String ROLE = "test.policy-learner";

    private static PolicyModel model = PolicyModel.random(TestModels.CONFIG, 1, ModelSettings.cpu());
    private static final byte[] START = weights();
    private static List<String> undisturbed = List.of();

    @BeforeAll
    static void runUndisturbed() {
        World world = new World(0, 1);
        world.learn(STEPS);
        undisturbed = world.ledger().stream().map(TrainingStep::getToSha256).toList();
        assertThat(undisturbed).hasSize(STEPS).doesNotHaveDuplicates();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void shouldWriteTheSameLedgerWhateverHappens() {
        long first = Long.getLong("simulation.seed", 1);
        LongStream.range(first, first + Long.getLong("simulation.seeds", 20)).forEach(seed -> {
            try {
                World world = new World(seed, 1 + (int) (seed % 2));
                world.run();
                world.check();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("-Dsimulation.seed=" + seed + " -Dsimulation.seeds=1: " + e.getMessage(), e);
            }
        });
    }

    private static byte[] weights() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            model.writeWeights(Channels.newChannel(bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return bytes.toByteArray();
    }

    /** What a seed decides. */
    private static final class World {
        private final Random random;
        private final Topics topics;
        private final MemoryLog log;
        private final KafkaSettings kafka;
        private int appended;

        World(long seed, int partitions) {
            random = new Random(seed * 0x9E3779B97F4A7C15L);
            topics = new Topics("test", partitions);
            log = new MemoryLog(random);
            kafka = new KafkaSettings("unused:9092", "mock://ledger-simulation", Map.of(), log);
        }

        /** Lives through kills and take-overs, and comes to the last step. */
        void run() {
            Producer<byte[], byte[]> other = otherLine();
            int kills = random.nextInt(6);
            for (int kill = 0; kill < kills; kill++) {
                log.killAfter(random.nextInt(120));
                try {
                    learn(STEPS);
                } catch (MemoryLog.Killed e) {
                    // The next one goes on.
                }
            }
            log.spare();
            if (random.nextBoolean()) {
                takeOver();
            }
            learn(STEPS);
            if (random.nextBoolean()) {
                other.commitTransaction();
            } else {
                other.initTransactions();
            }
        }

        /** A step of the other line that is not committed for as long as this one goes on: nobody waits for it. */
        private Producer<byte[], byte[]> otherLine() {
            Producer<byte[], byte[]> other = log.producer(Map.of("transactional.id", "test.critic"));
            other.initTransactions();
            other.beginTransaction();
            TrainingStep step = new TrainingStep(
                    "critic", 1, 0, 1, "", "", List.of(), 0L, List.of(), "", Map.of(), Instant.EPOCH, Instant.EPOCH);
            other.send(new ProducerRecord<>(
                    topics.trainingSteps().name(),
                    "critic".getBytes(UTF_8),
                    SERDES.serializer(topics.trainingSteps())
                            .serialize(topics.trainingSteps().name(), step)));
            return other;
        }

        /** One learner lives on while another takes over: it can commit nothing more. */
        private void takeOver() {
            try (ExactlyOnceLog fenced =
                    ExactlyOnceLog.sole(kafka, SERDES, ROLE, List.of(topics.advantages()), Duration.ZERO)) {
                learn(1 + random.nextInt(STEPS));
                assertThatThrownBy(() -> fenced.commit(List.of()))
                        .isInstanceOf(LogException.class)
                        .hasMessageContaining("has taken over");
            }
        }

        /** The loop of the role, from the start weights, up to a step. */
        void learn(int lastStep) {
            readStartWeights();
            try (ExactlyOnceLog in =
                            ExactlyOnceLog.sole(kafka, SERDES, ROLE, List.of(topics.advantages()), Duration.ZERO);
                    PolicyLine policy = new PolicyLine(model, UPDATE, TestModels.ADAM, TestModels.TRAINING);
                    LineWriter line = new LineWriter(
                            in, kafka, SERDES, topics, policy, LINE, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))) {
                List<Received<?>> pending = new ArrayList<>();
                while (line.current().getStep() < lastStep) {
                    arrive();
                    pending.addAll(in.poll(Duration.ZERO));
                    if (pending.size() >= BATCH) {
                        line.step(pending, (step, metrics) -> {});
                    }
                }
            }
        }

        private static void readStartWeights() {
            try {
                model.readWeights(Channels.newChannel(new ByteArrayInputStream(START)));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        private void arrive() {
            for (int some = random.nextInt(4); some > 0 && appended < STEPS * BATCH + BATCH; some--) {
                int partition = appended % topics.partitions();
                log.append(
                        new TopicPartition(topics.advantages().name(), partition),
                        ("r-" + appended).getBytes(UTF_8),
                        SERDES.serializer(topics.advantages())
                                .serialize(topics.advantages().name(), sample(appended)));
                appended++;
            }
        }

        void check() {
            List<TrainingStep> ledger = ledger();
            assertThat(ledger.stream().map(TrainingStep::getStep))
                    .containsExactlyElementsOf(
                            IntStream.rangeClosed(1, STEPS).boxed().toList());
            if (topics.partitions() == 1) {
                assertThat(ledger.stream().map(TrainingStep::getToSha256))
                        .as("weights of each step, as of a learner that nothing happens to")
                        .containsExactlyElementsOf(undisturbed);
            }
            List<WeightsManifest> versions = read(topics.versions(WeightLine.POLICY));
            assertThat(versions).hasSize(STEPS + 1);
            Set<String> trained = new HashSet<>();
            Map<Integer, Long> consumed = new HashMap<>();
            for (int i = 0; i < STEPS; i++) {
                TrainingStep step = ledger.get(i);
                assertThat(step.getFromSha256()).isEqualTo(versions.get(i).getSha256());
                assertThat(step.getToSha256()).isEqualTo(versions.get(i + 1).getSha256());
                assertThat(step.getSamplesTrained()).isEqualTo((long) (i + 1) * BATCH);
                for (TrainedSample sample : step.getSamples()) {
                    assertThat(trained.add(sample.getRolloutId()))
                            .as("%s is trained for the first time", sample.getRolloutId())
                            .isTrue();
                }
                step.getConsumed().forEach(offset -> consumed.put(offset.getPartition(), offset.getOffset()));
                assertThat(consumed.values().stream().mapToLong(Long::longValue).sum())
                        .as("samples consumed, none left out")
                        .isEqualTo(trained.size());
            }
        }

        private List<TrainingStep> ledger() {
            return read(topics.trainingSteps()).stream()
                    .filter(step -> step.getLine().equals(WeightLine.POLICY.id()))
                    .toList();
        }

        @SuppressWarnings("unchecked")
        private <V extends SpecificRecord> List<V> read(Topic<V> topic) {
            List<V> events = new ArrayList<>();
            try (EventReader reader = new EventReader(kafka, SERDES, List.of(topic))) {
                long end = reader.end(topic, 0);
                reader.last(topic, 0, end, all -> false).forEach(received -> events.add((V) received.event()));
            }
            return events;
        }
    }

    private static TrainingSample sample(int index) {
        String requestId = "r-" + index;
        TokenSequence tokens = TestModels.sequences(1, index).get(0);
        int length = tokens.response().length;
        double advantage = index % 2 == 0 ? 0.5 : -0.5;
        Rollout rollout = Rollout.newBuilder()
                .setRolloutId(requestId + "/0")
                .setRequestId(requestId)
                .setPromptId("p")
                .setDataset("test")
                .setMessages(List.of(new Message("user", "")))
                .setReference("")
                .setPromptTokens(IntStream.of(tokens.prompt()).boxed().toList())
                .setResponseTokens(IntStream.of(tokens.response()).boxed().toList())
                .setText("")
                .setBehaviourLogProbs(
                        IntStream.range(0, length).mapToObj(t -> -2.4f).toList())
                .setPolicySegments(List.of(new PolicySegment(length, 0, "")))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 8))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
        return TrainingSample.newBuilder()
                .setRollout(rollout)
                .setVerdict(Verdict.newBuilder()
                        .setRolloutId(rollout.getRolloutId())
                        .setRequestId(requestId)
                        .setVerifier("exact")
                        .setVerifierVersion("1")
                        .setStatus(VerdictStatus.CORRECT)
                        .setReward(1.0)
                        .setRule("equal")
                        .setJudgedAt(Instant.EPOCH)
                        .build())
                .setValue(new Value(requestId, 0, "", 0f, 0.5, null, Instant.EPOCH))
                .setReward(1.0)
                .setEstimator("sppo")
                .setSegments(List.of(new AdvantageSegment(length, advantage)))
                .setEstimatedAt(Instant.EPOCH)
                .build();
    }
}
