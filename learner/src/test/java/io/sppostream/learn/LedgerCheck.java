package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.OptimizerState;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.learn.guard.StaleSamples;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsPublisher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;

/** Whether what a learner has left on the log is what one would have that nothing happens to. */
final class LedgerCheck {
    private final LedgerWorld world;
    private final Topics topics;
    private final ModelKind kind;
    private final int batchSize;
    private final int maxLag;

    /** The samples on advantages, by where they lie. */
    private final Map<TopicPartition, Map<Long, TrainingSample>> arrived = new HashMap<>();

    private final List<MemoryLog.Committed> unreadable = new ArrayList<>();
    private final List<TrainingStep> ledger;
    private final List<WeightsManifest> versions;

    /** How often the learner has let each rollout go. */
    private final Map<String, Long> expired;

    LedgerCheck(LedgerWorld world) {
        this.world = world;
        this.topics = world.topics();
        this.kind = world.role().kind();
        this.batchSize = world.settings().step().batchSize();
        this.maxLag = world.settings().maxLag();
        for (int partition = 0; partition < topics.partitions(); partition++) {
            arrived.put(LedgerWorld.partition(topics.advantages(), partition), samples(partition));
        }
        ledger = events(topics.trainingSteps()).stream()
                .filter(step -> step.getLine().equals(kind.id()))
                .toList();
        versions = events(topics.versions(kind));
        expired = events(topics.expired()).stream()
                .filter(each -> each.getReason() == ExpiryReason.STALE)
                .collect(Collectors.groupingBy(Expired::getRolloutId, Collectors.counting()));
    }

    private Map<Long, TrainingSample> samples(int partition) {
        Map<Long, TrainingSample> samples = new LinkedHashMap<>();
        for (MemoryLog.Committed each : world.log().committed(LedgerWorld.partition(topics.advantages(), partition))) {
            try {
                samples.put(each.offset(), TestEvents.event(topics.advantages(), each.value()));
            } catch (SerializationException e) {
                unreadable.add(each);
            }
        }
        return samples;
    }

    private <V extends SpecificRecord> List<V> events(Topic<V> topic) {
        return world.log().committed(LedgerWorld.partition(topic, 0)).stream()
                .map(each -> TestEvents.event(topic, each.value()))
                .toList();
    }

    void check() {
        checkChain();
        checkSamples();
        checkWeights();
        checkOrder();
        checkPauses();
        checkDeadLetters();
        checkRetention();
        if (kind == ModelKind.CRITIC) {
            checkValues();
        }
        world.reader().catchUp(versions.get(versions.size() - 1));
    }

    /** Steps and versions count from the start weights on, each made of the one before. */
    private void checkChain() {
        assertThat(versions).as("versions").hasSize(ledger.size() + 1);
        for (int i = 0; i < ledger.size(); i++) {
            TrainingStep step = ledger.get(i);
            assertThat(step.getStep()).as("step").isEqualTo(i + 1);
            assertThat(step.getFromVersion()).isEqualTo(i);
            assertThat(step.getToVersion()).isEqualTo(i + 1);
            assertThat(step.getFromSha256()).isEqualTo(versions.get(i).getSha256());
            assertThat(step.getToSha256()).isEqualTo(versions.get(i + 1).getSha256());
            assertThat(versions.get(i + 1).getVersion()).isEqualTo(i + 1);
            assertThat(versions.get(i + 1).getParentVersion()).isEqualTo(i);
            assertThat(versions.get(i + 1).getStep()).isEqualTo(i + 1);
            assertThat(step.getSamples()).hasSize(batchSize);
            assertThat(step.getSamplesTrained()).isEqualTo((long) (i + 1) * batchSize);
        }
    }

    /** Each sample is trained, let go, or waits for others; the ledger's offsets say which are settled. */
    private void checkSamples() {
        Map<TopicPartition, Set<Long>> trained = new HashMap<>();
        for (TrainingStep step : ledger) {
            for (TrainedSample each : step.getSamples()) {
                TopicPartition partition = LedgerWorld.partition(topics.advantages(), each.getPartition());
                assertThat(trained.computeIfAbsent(partition, any -> new HashSet<>())
                                .add(each.getOffset()))
                        .as(
                                "%s at %s@%d is trained for the first time",
                                each.getRolloutId(), partition, each.getOffset())
                        .isTrue();
            }
            settled(step)
                    .forEach((partition, consumed) -> assertThat(trained.getOrDefault(partition, Set.of()))
                            .as("trained by step %d, before the offset consumed of %s", step.getStep(), partition)
                            .allMatch(offset -> offset < consumed));
        }
        Map<TopicPartition, Long> consumed = ledger.isEmpty() ? Map.of() : settled(ledger.get(ledger.size() - 1));
        int waiting = 0;
        for (Map.Entry<TopicPartition, Map<Long, TrainingSample>> partition : arrived.entrySet()) {
            long ledgers = consumed.getOrDefault(partition.getKey(), 0L);
            long groups = world.log().consumed(partition.getKey());
            for (Map.Entry<Long, TrainingSample> sample : partition.getValue().entrySet()) {
                String id = sample.getValue().getRollout().getRolloutId();
                boolean isTrained =
                        trained.getOrDefault(partition.getKey(), Set.of()).contains(sample.getKey());
                long outcomes = (isTrained ? 1 : 0) + expired.getOrDefault(id, 0L);
                assertThat(outcomes)
                        .as(
                                "outcomes of %s at %s@%d, of which %d and %d are consumed",
                                id, partition.getKey(), sample.getKey(), ledgers, groups)
                        .isBetween(sample.getKey() < Math.max(ledgers, groups) ? 1L : 0L, 1L);
                waiting += outcomes == 0 ? 1 : 0;
            }
        }
        assertThat(waiting).as("samples that wait for others").isLessThan(batchSize);
    }

    private Map<TopicPartition, Long> settled(TrainingStep step) {
        return step.getConsumed().stream()
                .collect(Collectors.toMap(
                        each -> LedgerWorld.partition(topics.advantages(), each.getPartition()),
                        ConsumedOffset::getOffset));
    }

    /** Trained on the ledger's samples, the start weights become each version in turn; and so they do on recovery. */
    private void checkWeights() {
        String weights;
        String optimizer;
        try (TrainableModel undisturbed = world.role().start(0)) {
            assertThat(versions.get(0).getSha256()).isEqualTo(undisturbed.sha256());
            for (TrainingStep step : ledger) {
                checkScores(undisturbed, step.getFromVersion());
                undisturbed.train(step.getStep(), inOrder(step));
                checkVersion(undisturbed, step.getToVersion());
            }
            checkScores(undisturbed, ledger.size());
            weights = undisturbed.sha256();
            optimizer = WeightsPublisher.sha256(undisturbed::writeOptimizer);
        }
        try (TrainableModel recovered = world.role().start(0)) {
            new ModelRecovery(new RunLog(world.kafka(), TestEvents.SERDES, topics), recovered).recover();
            assertThat(recovered.sha256()).as("recovered weights").isEqualTo(weights);
            assertThat(WeightsPublisher.sha256(recovered::writeOptimizer))
                    .as("recovered optimizer's state")
                    .isEqualTo(optimizer);
        }
    }

    private void checkVersion(TrainableModel undisturbed, int version) {
        assertThat(versions.get(version).getSha256())
                .as("weights of version %d, as of a learner that nothing happens to", version)
                .isEqualTo(undisturbed.sha256());
        OptimizerState optimizer = versions.get(version).getOptimizer();
        assertThat(optimizer != null)
                .as("version %d is a snapshot", version)
                .isEqualTo(version % world.settings().step().snapshotInterval() == 0);
        if (optimizer != null) {
            assertThat(optimizer.getSha256())
                    .as("optimizer's state of version %d", version)
                    .isEqualTo(WeightsPublisher.sha256(undisturbed::writeOptimizer));
        }
    }

    private TrainingSample sampleAt(TrainedSample trained) {
        TopicPartition partition = LedgerWorld.partition(topics.advantages(), trained.getPartition());
        return Objects.requireNonNull(
                Objects.requireNonNull(arrived.get(partition)).get(trained.getOffset()), trained.getRolloutId());
    }

    private List<TrainingSample> inOrder(TrainingStep step) {
        List<TrainingSample> samples = new ArrayList<>();
        for (TrainedSample trained : step.getSamples()) {
            TrainingSample sample = sampleAt(trained);
            assertThat(sample.getRollout().getRolloutId()).isEqualTo(trained.getRolloutId());
            int version = kind == ModelKind.POLICY
                    ? StaleSamples.lag(sample.getRollout(), 0)
                    : -sample.getValue().getCriticVersion();
            assertThat(trained.getPolicyLag())
                    .as("lag of %s at step %d", trained.getRolloutId(), step.getStep())
                    .isEqualTo(step.getFromVersion() + version)
                    .isBetween(0, maxLag);
            samples.add(sample);
        }
        assertThat(samples)
                .isEqualTo(TrainingOrder.of(
                        samples,
                        sample -> sample.getRollout().getRolloutId(),
                        world.settings().step().seed(),
                        step.getStep()));
        return samples;
    }

    /** What came in one partition is trained in its order, but for what is too old when its turn comes. */
    private void checkOrder() {
        if (arrived.size() > 1) {
            return;
        }
        List<Set<Long>> batches = new ArrayList<>();
        Set<Long> batch = new HashSet<>();
        for (Map.Entry<Long, TrainingSample> each :
                arrived.values().iterator().next().entrySet()) {
            if (StaleSamples.lag(each.getValue().getRollout(), batches.size()) <= maxLag) {
                batch.add(each.getKey());
            }
            if (batch.size() == batchSize) {
                batches.add(batch);
                batch = new HashSet<>();
            }
        }
        assertThat(ledger.stream()
                        .map(step -> step.getSamples().stream()
                                .map(TrainedSample::getOffset)
                                .collect(Collectors.toSet()))
                        .toList())
                .as("offsets of each batch")
                .isEqualTo(batches);
    }

    /** From a pause to the word to go on no step is committed, but for the one that led to it. */
    private void checkPauses() {
        TreeMap<Long, Boolean> paused = new TreeMap<>();
        world.log()
                .committed(LedgerWorld.partition(topics.learnerStates(), 0))
                .forEach(each -> paused.put(
                        each.committedAt(),
                        TestEvents.event(topics.learnerStates(), each.value()).getStatus() == LearnerStatus.PAUSED));
        for (MemoryLog.Committed each : world.log().committed(LedgerWorld.partition(topics.trainingSteps(), 0))) {
            TrainingStep step = TestEvents.event(topics.trainingSteps(), each.value());
            Map.Entry<Long, Boolean> before = paused.lowerEntry(each.committedAt());
            assertThat(step.getLine().equals(kind.id()) && before != null && before.getValue())
                    .as("step %d was made in a pause", step.getStep())
                    .isFalse();
        }
    }

    /** What is no event is not lost; where it is read again after a crash, it is written again. */
    private void checkDeadLetters() {
        List<MemoryLog.Committed> consumed = unreadable.stream()
                .filter(each -> each.offset() < world.log().consumed(each.partition()))
                .toList();
        assertThat(world.log().committed(new TopicPartition(topics.advantages().deadLetters(), 0)))
                .as("dead letters of %s", consumed)
                .hasSizeGreaterThanOrEqualTo(consumed.size());
    }

    /** The last two snapshots are there. */
    private void checkRetention() {
        long begin = world.log().begin(LedgerWorld.partition(topics.weights(kind), 0));
        List<Long> snapshots = versions.stream()
                .filter(each -> each.getOptimizer() != null)
                .map(WeightsManifest::getFirstChunkOffset)
                .toList();
        assertThat(begin)
                .as("first offset of the weights")
                .isLessThanOrEqualTo(snapshots.size() < 2 ? 0 : snapshots.get(snapshots.size() - 2));
    }

    /** A prompt is scored once. */
    private void checkValues() {
        List<String> scored =
                events(topics.values()).stream().map(Value::getRequestId).toList();
        List<String> asked = new ArrayList<>();
        for (int partition = 0; partition < topics.partitions(); partition++) {
            world.log()
                    .committed(LedgerWorld.partition(topics.prompts(), partition))
                    .forEach(each -> asked.add(
                            TestEvents.event(topics.prompts(), each.value()).getRequestId()));
        }
        assertThat(scored).as("prompts scored").containsExactlyInAnyOrderElementsOf(asked);
    }

    /** By the version that its value names, before that is trained further. */
    private void checkScores(TrainableModel model, int version) {
        if (model instanceof TrainableCritic critic) {
            for (Value value : events(topics.values())) {
                if (value.getCriticVersion() == version) {
                    int index = Integer.parseInt(value.getRequestId().substring(2));
                    int[] tokens = critic.tokens(
                            value.getRequestId(), TestEvents.prompt(index).getMessages());
                    assertThat(critic.logits(List.of(tokens))[0])
                            .as("logit of %s", value.getRequestId())
                            .isEqualTo(value.getLogit());
                    assertThat(value.getCriticSha256())
                            .isEqualTo(versions.get(version).getSha256());
                }
            }
        }
    }
}
