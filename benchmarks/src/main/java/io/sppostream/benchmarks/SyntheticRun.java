package io.sppostream.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventWriter;
import io.sppostream.log.RunLog;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Crc32C;

/** Writes a consistent run of any length without models: sums, their answers, and steps that train on all of them. */
final class SyntheticRun {
    private static final int VERSIONS_KEPT = 12;

    private final RunLog log;
    private final Topics topics;
    private final Configuration configuration;
    private final int rollouts;
    private final int batch;
    private final Instant time = Instant.EPOCH;

    /** @param batch rollouts in a step; divides their number */
    SyntheticRun(RunLog log, Configuration configuration, int rollouts, int batch) {
        this.log = log;
        this.topics = log.topics();
        this.configuration = configuration;
        this.rollouts = rollouts;
        this.batch = batch;
    }

    /** Creates the topics and writes all records. */
    void write() {
        RunRecord.start(configuration, Map.of(), log, Clock.systemUTC());
        List<CompletableFuture<Void>> writing =
                List.of(CompletableFuture.runAsync(this::writeCauses), CompletableFuture.runAsync(this::writeSteps));
        writing.forEach(CompletableFuture::join);
        deleteOldWeights();
    }

    /** Keeps as many versions as a run keeps. */
    private void deleteOldWeights() {
        int deleted = rollouts / batch - VERSIONS_KEPT;
        try (Admin admin = log.kafka().clients().admin(log.kafka().admin())) {
            Map<TopicPartition, RecordsToDelete> old = new HashMap<>();
            for (ModelKind kind : ModelKind.values()) {
                old.put(
                        new TopicPartition(topics.weights(kind).name(), 0),
                        RecordsToDelete.beforeOffset(Math.max(0, deleted)));
            }
            admin.deleteRecords(old)
                    .all()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        }
    }

    private void writeCauses() {
        try (EventWriter writer = log.writer()) {
            for (int i = 0; i < rollouts; i++) {
                String id = requestId(i);
                writer.send(
                        topics.prompts(),
                        id,
                        new Prompt(
                                id,
                                problem(i),
                                "addition",
                                messages(i),
                                answer(i),
                                1,
                                version(i),
                                time,
                                null,
                                null,
                                0));
                writer.send(topics.rollouts(), id, rollout(i));
                writer.send(topics.verdicts(), id, verdict(i));
                writer.send(topics.values(), id, value(i));
            }
            writer.flush();
        }
    }

    private void writeSteps() {
        long[] next = new long[topics.partitions()];
        try (EventWriter writer = log.writer()) {
            for (ModelKind kind : ModelKind.values()) {
                publish(writer, kind, 0);
            }
            for (int step = 1; step <= rollouts / batch; step++) {
                List<TrainedSample> trained = new ArrayList<>(batch);
                for (int i = (step - 1) * batch; i < step * batch; i++) {
                    String id = requestId(i);
                    int partition = BuiltInPartitioner.partitionForKey(id.getBytes(UTF_8), topics.partitions());
                    writer.send(topics.advantages(), id, sample(i));
                    trained.add(new TrainedSample(RolloutIds.of(id, 0), partition, next[partition]++, 0));
                }
                for (ModelKind kind : ModelKind.values()) {
                    publish(writer, kind, step);
                    writer.send(topics.trainingSteps(), kind.id(), step(kind, step, trained, next));
                }
            }
            writer.flush();
        }
    }

    private void publish(EventWriter writer, ModelKind kind, int version) {
        byte[] weights = (kind.id() + version).getBytes(UTF_8);
        writer.send(
                version == 0 ? topics.startWeights(kind) : topics.weights(kind),
                Integer.toString(version),
                new WeightsChunk(version, 0, Crc32C.compute(weights, 0, weights.length), ByteBuffer.wrap(weights)));
        writer.send(
                topics.versions(kind),
                kind.id(),
                WeightsManifest.newBuilder()
                        .setVersion(version)
                        .setParentVersion(version == 0 ? null : version - 1)
                        .setStep(version)
                        .setSha256(sha256(kind, version))
                        .setEncoding(WeightsEncoding.FULL)
                        .setBytes(weights.length)
                        .setChunks(1)
                        .setFirstChunkOffset(Math.max(0, version - 1))
                        .setConfig("{}")
                        .setPublishedAt(time)
                        .build());
    }

    private TrainingStep step(ModelKind kind, int step, List<TrainedSample> trained, long[] next) {
        return TrainingStep.newBuilder()
                .setLine(kind.id())
                .setStep(step)
                .setFromVersion(step - 1)
                .setToVersion(step)
                .setFromSha256(sha256(kind, step - 1))
                .setToSha256(sha256(kind, step))
                .setSamples(trained)
                .setSamplesTrained((long) step * batch)
                .setConsumed(IntStream.range(0, next.length)
                        .mapToObj(partition -> new ConsumedOffset(partition, next[partition]))
                        .toList())
                .setConfigurationSha256(configuration.sha256())
                .setMetrics(Map.of())
                .setStartedAt(time)
                .setEndedAt(time)
                .build();
    }

    private TrainingSample sample(int i) {
        return TrainingSample.newBuilder()
                .setRollout(rollout(i))
                .setVerdict(verdict(i))
                .setValue(value(i))
                .setReward(1)
                .setEstimator("sppo")
                .setSegments(List.of(new AdvantageSegment(3, 0.5, true)))
                .setEstimatedAt(time)
                .build();
    }

    private Rollout rollout(int i) {
        return Rollout.newBuilder()
                .setRolloutId(RolloutIds.of(requestId(i), 0))
                .setRequestId(requestId(i))
                .setPromptId(problem(i))
                .setDataset("addition")
                .setMessages(messages(i))
                .setReference(answer(i))
                .setPromptTokens(List.of(1, 2, 3, i % 10, 5, 6))
                .setResponseTokens(List.of(7, i % 10, 12))
                .setText(answer(i))
                .setBehaviourLogProbs(List.of(-i / 1e6f, -0.5f, -0.25f))
                .setPolicySegments(List.of(new PolicySegment(3, version(i), sha256(ModelKind.POLICY, version(i)))))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(i)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(time)
                .build();
    }

    private Verdict verdict(int i) {
        return Verdict.newBuilder()
                .setRolloutId(RolloutIds.of(requestId(i), 0))
                .setRequestId(requestId(i))
                .setVerifier("exact")
                .setVerifierVersion("1")
                .setStatus(VerdictStatus.CORRECT)
                .setReward(1.0)
                .setExtracted(answer(i))
                .setRule("exact")
                .setJudgedAt(time)
                .build();
    }

    private Value value(int i) {
        return Value.newBuilder()
                .setRequestId(requestId(i))
                .setCriticVersion(version(i))
                .setCriticSha256(sha256(ModelKind.CRITIC, version(i)))
                .setLogit(0)
                .setProbability(0.5)
                .setScoredAt(time)
                .build();
    }

    /** The version that samples and scores a request: the one that its step trains from. */
    private int version(int i) {
        return i / batch;
    }

    private static String requestId(int i) {
        return String.format(Locale.ROOT, "%010d", i);
    }

    private static String problem(int i) {
        return "addition-" + i % 10_000;
    }

    private static List<Message> messages(int i) {
        return List.of(new Message("user", i % 100 + "+" + i / 100 % 100 + "="));
    }

    private static String answer(int i) {
        return Integer.toString(i % 100 + i / 100 % 100);
    }

    private static String sha256(ModelKind kind, int version) {
        return Hashes.sha256(kind.id() + version);
    }
}
