package io.sppostream.history.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.Recovery;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventCodec;
import io.sppostream.log.EventRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A log in memory: three synchronous steps of two samples for policy and critic, on one partition. Requests are r0 to r5
 * in the order of their samples' offsets. Weights of version n hash to {@code policy-n} and {@code critic-n}. Tests may
 * change the lists before {@link #audit}.
 */
final class SmallLog {
    static final Topics TOPICS = new Topics("small", 1);
    static final int STEPS = 3;
    static final int BATCH = 2;

    /** The topics that samples are joined from; all of their records are there. */
    static final Set<String> COMPLETE = Set.of(
            TOPICS.rollouts().name(), TOPICS.verdicts().name(), TOPICS.values().name());

    final List<EventRecord<Prompt>> prompts = new ArrayList<>();
    final List<EventRecord<Rollout>> rollouts = new ArrayList<>();
    final List<EventRecord<Verdict>> verdicts = new ArrayList<>();
    final List<EventRecord<Value>> values = new ArrayList<>();
    final List<EventRecord<Expired>> expired = new ArrayList<>();
    final List<EventRecord<TrainingSample>> samples = new ArrayList<>();
    final List<EventRecord<TrainingStep>> ledger = new ArrayList<>();
    final Map<ModelKind, List<EventRecord<WeightsManifest>>> versions = new EnumMap<>(ModelKind.class);
    final Map<ModelKind, Long> committed = new EnumMap<>(ModelKind.class);

    SmallLog() {
        for (int i = 0; i < STEPS * BATCH; i++) {
            request("r" + i, i / BATCH);
            sample("r" + i, i / BATCH);
        }
        for (ModelKind kind : ModelKind.values()) {
            versions.put(kind, new ArrayList<>());
            for (int version = 0; version <= STEPS; version++) {
                publish(kind, version);
            }
            committed.put(kind, (long) STEPS * BATCH);
        }
        for (int step = 1; step <= STEPS; step++) {
            for (ModelKind kind : ModelKind.values()) {
                add(TOPICS.trainingSteps(), ledger, step(kind, step));
            }
        }
    }

    /** A request that is answered by a policy version, scored and judged. */
    void request(String id, int version) {
        add(
                TOPICS.prompts(),
                prompts,
                new Prompt(
                        id,
                        "p",
                        "addition",
                        List.of(new Message("user", "1+1=")),
                        "2",
                        1,
                        0,
                        Instant.EPOCH,
                        null,
                        null,
                        0));
        add(TOPICS.rollouts(), rollouts, rollout(id, version));
        add(TOPICS.values(), values, value(id, version));
        add(TOPICS.verdicts(), verdicts, verdict(id));
    }

    void sample(String requestId, int version) {
        add(
                TOPICS.advantages(),
                samples,
                new TrainingSample(
                        rollout(requestId, version),
                        verdict(requestId),
                        value(requestId, version),
                        1.0,
                        "sppo",
                        List.of(new AdvantageSegment(2, 0.5, true)),
                        Instant.EPOCH,
                        "first",
                        List.of(),
                        1,
                        List.of()));
    }

    void expire(String requestId) {
        add(
                TOPICS.expired(),
                expired,
                new Expired(
                        requestId,
                        requestId + "/0",
                        ExpiryReason.NO_VERDICT_IN_TIME,
                        "late",
                        "advantage-stream",
                        Instant.EPOCH,
                        0));
    }

    void publish(ModelKind kind, int version) {
        add(
                TOPICS.versions(kind),
                requireNonNull(versions.get(kind)),
                new WeightsManifest(
                        version,
                        version == 0 ? null : version - 1,
                        version,
                        kind.id() + "-" + version,
                        WeightsEncoding.FULL,
                        0L,
                        1,
                        0L,
                        "{}",
                        null,
                        Instant.EPOCH,
                        null,
                        List.of()));
    }

    /** A step of the small log; its samples are the next two on the partition. */
    static TrainingStep step(ModelKind kind, int step) {
        List<TrainedSample> trained = new ArrayList<>();
        for (int i = (step - 1) * BATCH; i < step * BATCH; i++) {
            trained.add(new TrainedSample("r" + i + "/0", 0, (long) i, 0));
        }
        return new TrainingStep(
                kind.id(),
                step,
                step - 1,
                step,
                kind.id() + "-" + (step - 1),
                kind.id() + "-" + step,
                trained,
                (long) step * BATCH,
                List.of(new ConsumedOffset(0, (long) step * BATCH)),
                "configuration",
                Map.of(),
                Instant.EPOCH,
                Instant.EPOCH,
                Recovery.NONE,
                0L,
                List.of());
    }

    private static Value value(String requestId, int version) {
        return new Value(requestId, version, "critic-" + version, 0f, 0.5, null, Instant.EPOCH, null, null);
    }

    /** A verdict with settings, whose order does not count. */
    static Verdict verdict(String requestId) {
        return new Verdict(
                requestId + "/0",
                requestId,
                "exact",
                "1",
                VerdictStatus.CORRECT,
                1.0,
                "2",
                "exact",
                Instant.EPOCH,
                Map.of("url", "http://here", "tolerance", "0.1", "profile", "strict"),
                false);
    }

    private static Rollout rollout(String requestId, int version) {
        return Rollout.newBuilder()
                .setRolloutId(requestId + "/0")
                .setRequestId(requestId)
                .setPromptId("p")
                .setDataset("addition")
                .setMessages(List.of(new Message("user", "1+1=")))
                .setReference("2")
                .setPromptTokens(List.of(1, 10, 1, 11))
                .setResponseTokens(List.of(2, 12))
                .setText("2")
                .setBehaviourLogProbs(List.of(-0.5f, -0.25f))
                .setPolicySegments(List.of(new PolicySegment(2, version, "policy-" + version)))
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 4))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    static <V extends SpecificRecord> void add(Topic<V> topic, List<EventRecord<V>> records, V event) {
        records.add(new EventRecord<>(topic.name(), 0, records.size(), "key", event));
    }

    /** Audits the log, without the bytes of the weights. */
    AuditReport audit() {
        return audit(Lineage.ofRun(TOPICS), COMPLETE);
    }

    /**
     * Audits the log, without the bytes of the weights.
     *
     * @param complete topics that have all of their records
     */
    AuditReport audit(Lineage lineage, Set<String> complete) {
        try (AuditChecks checks = new AuditChecks(TOPICS, Set.of("configuration"), lineage, null)) {
            versions.forEach((kind, records) -> records.forEach(checks.versions(kind)::take));
            encode(samples, TrainingSample.class).forEach(checks::sample);
            prompts.forEach(checks::prompt);
            encode(rollouts, Rollout.class).forEach(checks::rollout);
            encode(verdicts, Verdict.class).forEach(checks::verdict);
            encode(values, Value.class).forEach(checks::value);
            expired.forEach(checks::expired);
            ledger.forEach(checks::step);
            Map<ModelKind, Map<TopicPartition, Long>> consumed = new EnumMap<>(ModelKind.class);
            committed.forEach((kind, offset) -> consumed.put(
                    kind, Map.of(new TopicPartition(TOPICS.advantages().name(), 0), offset)));
            checks.end(consumed, kind -> Long.MAX_VALUE, complete, this::rolloutAt);
            return new AuditReport("small", checks.results(), 0);
        }
    }

    private @Nullable String rolloutAt(int partition, long offset) {
        return samples.stream()
                .filter(sample -> sample.partition() == partition && sample.offset() == offset)
                .map(sample -> sample.event().getRollout().getRolloutId())
                .findFirst()
                .orElse(null);
    }

    private static <V extends SpecificRecord> Stream<EncodedEvent> encode(List<EventRecord<V>> records, Class<V> type) {
        EventCodec<V> codec = new EventCodec<>(type);
        return records.stream()
                .map(record -> new EncodedEvent(
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        new EncodedRecord(record.event().getSchema(), codec.write(record.event()), 0),
                        record.redelivered()));
    }
}
