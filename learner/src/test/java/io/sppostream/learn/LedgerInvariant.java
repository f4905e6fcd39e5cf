package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.LearnerStatus;
import io.sppostream.events.OptimizerState;
import io.sppostream.events.Recovery;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.learn.batch.SpreadSamples;
import io.sppostream.learn.guard.StaleSamples;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFiles;
import io.sppostream.log.weights.WeightsPublisher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/**
 * What holds of a learner's log, whatever happened.
 *
 * @param statement in words
 * @param check throws an AssertionError if it does not hold
 */
record LedgerInvariant(String statement, Consumer<LedgerTrace> check) {
    private static final List<LedgerInvariant> ALL = List.of(
            new LedgerInvariant(
                    "steps and versions are numbered without gaps, and each is made from the one before",
                    LedgerInvariant::checkChain),
            new LedgerInvariant(
                    "each sample is trained once, expired once, or waits for others", LedgerInvariant::checkSamples),
            new LedgerInvariant(
                    "a batch is in the order of its step, and no sample is older than allowed",
                    LedgerInvariant::checkBatches),
            new LedgerInvariant(
                    "samples of a partition are trained in their order, unless they are stale",
                    LedgerInvariant::checkOrder),
            new LedgerInvariant(
                    "weights and optimizer states are those of a learner that nothing happens to",
                    LedgerInvariant::checkWeights),
            new LedgerInvariant(
                    "a learner that starts recovers the newest weights and optimizer state",
                    LedgerInvariant::checkRecovery),
            new LedgerInvariant(
                    "a version is published again only as the snapshot of a learner that stops",
                    LedgerInvariant::checkSnapshots),
            new LedgerInvariant(
                    "the ledger says which steps follow a recovery, and that other bits were restored",
                    LedgerInvariant::checkRecoveries),
            new LedgerInvariant("no step is committed during a pause", LedgerInvariant::checkPauses),
            new LedgerInvariant("unreadable records are sent to the DLQ", LedgerInvariant::checkDeadLetters),
            new LedgerInvariant("the last two snapshots stay", LedgerInvariant::checkRetention),
            new LedgerInvariant(
                    "the critic scores each prompt once, with the version that it names", LedgerInvariant::checkValues),
            new LedgerInvariant("a late reader reads the newest version", LedgerInvariant::checkReader));

    /** Verifies all invariants; the message of an AssertionError names the one that is broken. */
    static void verifyAll(LedgerTrace trace) {
        for (LedgerInvariant invariant : ALL) {
            try {
                invariant.check.accept(trace);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("the invariant '" + invariant.statement + "' is broken: " + e.getMessage(), e);
            }
        }
    }

    private static void checkChain(LedgerTrace trace) {
        List<WeightsManifest> versions = trace.versions;
        assertThat(versions).as("versions").hasSize(trace.ledger.size() + 1);
        long samples = 0;
        for (int i = 0; i < trace.ledger.size(); i++) {
            TrainingStep step = trace.ledger.get(i);
            assertThat(step.getStep()).as("step").isEqualTo(i + 1);
            assertThat(step.getFromVersion()).isEqualTo(i);
            assertThat(step.getToVersion()).isEqualTo(i + 1);
            assertThat(step.getFromSha256()).isEqualTo(versions.get(i).getSha256());
            assertThat(step.getToSha256()).isEqualTo(versions.get(i + 1).getSha256());
            assertThat(versions.get(i + 1).getVersion()).isEqualTo(i + 1);
            assertThat(versions.get(i + 1).getParentVersion()).isEqualTo(i);
            assertThat(versions.get(i + 1).getStep()).isEqualTo(i + 1);
            assertThat(step.getSamples()).hasSizeBetween(trace.groups(), trace.batchSize() * trace.lifetime());
            samples += step.getSamples().size();
            assertThat(step.getSamplesTrained()).isEqualTo(samples);
            assertThat(step.getGroupsTrained()).isEqualTo((long) (i + 1) * trace.groups());
        }
    }

    /** The offsets of the ledger, and those of the consumer group, say which samples are settled. */
    private static void checkSamples(LedgerTrace trace) {
        Map<TopicPartition, Set<Long>> trained = trained(trace);
        int last = trace.ledger.size() - trace.lifetime();
        // Later steps may still train what lies behind.
        Map<TopicPartition, Long> consumed = last < 0 ? Map.of() : trace.settled(trace.ledger.get(last));
        int waiting = 0;
        for (Map.Entry<TopicPartition, Map<Long, TrainingSample>> partition : trace.arrived.entrySet()) {
            long ledgers = consumed.getOrDefault(partition.getKey(), 0L);
            long groups = trace.lifetime() > 1 ? 0 : trace.world.log().consumed(partition.getKey());
            for (Map.Entry<Long, TrainingSample> sample : partition.getValue().entrySet()) {
                String id = sample.getValue().getRollout().getRolloutId();
                boolean isTrained =
                        trained.getOrDefault(partition.getKey(), Set.of()).contains(sample.getKey());
                long outcomes = (isTrained ? 1 : 0) + trace.expired.getOrDefault(id, 0L);
                assertThat(outcomes)
                        .as(
                                "outcomes of %s at %s@%d; the ledger has consumed up to %d, the group up to %d",
                                id, partition.getKey(), sample.getKey(), ledgers, groups)
                        .isBetween(sample.getKey() < Math.max(ledgers, groups) ? 1L : 0L, 1L);
                waiting += outcomes == 0 ? 1 : 0;
            }
        }
        assertThat(waiting).as("samples that wait").isLessThan(trace.batchSize() * trace.lifetime());
    }

    /** Offsets of the trained samples by partition, checked to be trained once and to be settled by their step. */
    private static Map<TopicPartition, Set<Long>> trained(LedgerTrace trace) {
        Map<TopicPartition, Set<Long>> trained = new HashMap<>();
        for (TrainingStep step : trace.ledger) {
            for (TrainedSample each : step.getSamples()) {
                TopicPartition partition = LedgerWorld.partition(trace.topics.advantages(), each.getPartition());
                assertThat(trained.computeIfAbsent(partition, any -> new HashSet<>())
                                .add(each.getOffset()))
                        .as(
                                "%s at %s@%d is trained for the first time",
                                each.getRolloutId(), partition, each.getOffset())
                        .isTrue();
            }
            trace.settled(step)
                    .forEach((partition, consumed) -> assertThat(trained.getOrDefault(partition, Set.of()))
                            .as("trained by step %d, before the offset consumed of %s", step.getStep(), partition)
                            .allMatch(offset -> offset < consumed));
        }
        return trained;
    }

    private static void checkBatches(LedgerTrace trace) {
        for (TrainingStep step : trace.ledger) {
            List<TrainingSample> samples = trace.samples(step);
            for (int i = 0; i < samples.size(); i++) {
                TrainingSample sample = samples.get(i);
                TrainedSample trained = step.getSamples().get(i);
                assertThat(sample.getRollout().getRolloutId()).isEqualTo(trained.getRolloutId());
                int version = trace.kind == ModelKind.POLICY
                        ? StaleSamples.lag(sample.getRollout(), 0)
                        : -sample.getValue().getCriticVersion();
                assertThat(trained.getPolicyLag())
                        .as("lag of %s at step %d", trained.getRolloutId(), step.getStep())
                        .isEqualTo(step.getFromVersion() + version)
                        .isGreaterThanOrEqualTo(0);
                assertThat((long) trained.getPolicyLag())
                        .as("lag of %s at step %d", trained.getRolloutId(), step.getStep())
                        .isLessThan((long) trace.maxLag() + trace.lifetime());
            }
            assertThat(samples)
                    .as("samples of step %d", step.getStep())
                    .isEqualTo(TrainingOrder.of(
                            samples,
                            sample -> sample.getRollout().getRolloutId(),
                            trace.world.settings().step().seed(),
                            step.getStep()));
        }
    }

    /** With several partitions, the order between them is open. */
    private static void checkOrder(LedgerTrace trace) {
        if (trace.arrived.size() > 1) {
            return;
        }
        List<Set<Long>> batches = new ArrayList<>();
        Map<Long, TrainingSample> batch = new LinkedHashMap<>();
        SpreadSamples<Map.Entry<Long, TrainingSample>> spread = new SpreadSamples<>(
                trace.world.settings().step().replay(),
                trace.world.settings().step().seed(),
                each -> each.getValue().getRollout().getRequestId(),
                each -> each.getValue().getRollout().getRolloutId());
        int groups = 0;
        for (Map<Long, TrainingSample> group :
                groups(trace.arrived.values().iterator().next())) {
            int version = batches.size();
            boolean fresh = false;
            for (Map.Entry<Long, TrainingSample> each : group.entrySet()) {
                if (StaleSamples.lag(each.getValue().getRollout(), version) <= trace.maxLag()) {
                    batch.put(each.getKey(), each.getValue());
                    fresh = true;
                }
            }
            groups += fresh ? 1 : 0;
            if (groups == trace.groups()) {
                spread.add(version + 1, List.copyOf(batch.entrySet()));
                batches.add(
                        spread.take(version + 1).stream().map(Map.Entry::getKey).collect(Collectors.toSet()));
                batch = new LinkedHashMap<>();
                groups = 0;
            }
        }
        assertThat(trace.ledger.stream()
                        .map(step -> step.getSamples().stream()
                                .map(TrainedSample::getOffset)
                                .collect(Collectors.toSet()))
                        .toList())
                .as("offsets of each batch")
                .isEqualTo(batches);
    }

    /** Samples by their offsets, as many in a group as each of its samples says. */
    private static List<Map<Long, TrainingSample>> groups(Map<Long, TrainingSample> samples) {
        List<Map<Long, TrainingSample>> groups = new ArrayList<>();
        int left = 0;
        for (Map.Entry<Long, TrainingSample> each : samples.entrySet()) {
            if (left == 0) {
                groups.add(new LinkedHashMap<>());
                left = each.getValue().getGroupSamples();
            }
            groups.get(groups.size() - 1).put(each.getKey(), each.getValue());
            left--;
        }
        return groups;
    }

    private static void checkWeights(LedgerTrace trace) {
        for (WeightsManifest manifest : trace.versions) {
            if (manifest.getVersion() > 0) {
                assertThat(manifest.getOptimizer() != null)
                        .as("version %d is a snapshot", manifest.getVersion())
                        .isEqualTo(manifest.getVersion()
                                        % trace.world.settings().step().snapshotInterval()
                                == 0);
            }
        }
        if (!trace.sameBits) {
            return;
        }
        for (WeightsManifest manifest : trace.manifests) {
            LedgerTrace.Undisturbed undisturbed = trace.undisturbed().get(manifest.getVersion());
            assertThat(manifest.getSha256())
                    .as("weights of version %d", manifest.getVersion())
                    .isEqualTo(undisturbed.sha256());
            OptimizerState optimizer = manifest.getOptimizer();
            if (optimizer != null) {
                assertThat(optimizer.getSha256())
                        .as("optimizer state of version %d", manifest.getVersion())
                        .isEqualTo(undisturbed.optimizerSha256());
            }
        }
    }

    /** A snapshot that a learner writes when it stops follows the version, and is the same but for its encoding. */
    private static void checkSnapshots(LedgerTrace trace) {
        WeightsManifest before = null;
        for (WeightsManifest manifest : trace.manifests) {
            if (before != null && manifest.getVersion() == before.getVersion()) {
                assertThat(before.getOptimizer())
                        .as("optimizer state of the version")
                        .isNull();
                assertThat(manifest.getOptimizer())
                        .as("optimizer state of its snapshot")
                        .isNotNull();
                assertThat(manifest.getSha256()).isEqualTo(before.getSha256());
                assertThat(manifest.getParentVersion()).isEqualTo(before.getParentVersion());
                assertThat(manifest.getStep()).isEqualTo(before.getStep());
                assertThat(manifest.getPublishedAt()).isEqualTo(before.getPublishedAt());
            } else {
                assertThat(manifest.getVersion()).isEqualTo(before == null ? 0 : before.getVersion() + 1);
            }
            before = manifest;
        }
    }

    private static void checkRecovery(LedgerTrace trace) {
        try (TrainableModel recovered = trace.world.role().start(0)) {
            new ModelRecovery(
                            new RunLog(trace.world.kafka(), TestEvents.SERDES, trace.topics),
                            recovered,
                            trace.world.settings().step().replay())
                    .recover();
            assertThat(recovered.sha256())
                    .as("recovered weights")
                    .isEqualTo(trace.newest().getSha256());
            if (trace.sameBits) {
                assertThat(WeightsPublisher.sha256(recovered::writeOptimizer))
                        .as("recovered optimizer state")
                        .isEqualTo(trace.undisturbed()
                                .get(trace.undisturbed().size() - 1)
                                .optimizerSha256());
            }
        }
    }

    private static void checkRecoveries(LedgerTrace trace) {
        assertThat(trace.ledger.stream().filter(step -> step.getRecovered() != Recovery.NONE))
                .as("steps after a recovery")
                .hasSizeLessThan(trace.world.lives());
        assertThat(trace.ledger)
                .as("recoveries of steps")
                .allMatch(step -> step.getRecovered() == Recovery.NONE
                        || step.getRecovered() == Recovery.RECOMPUTED
                        || !trace.sameBits);
    }

    /** The step that led to a pause is committed together with it. */
    private static void checkPauses(LedgerTrace trace) {
        TreeMap<Long, Boolean> paused = new TreeMap<>();
        trace.world
                .log()
                .committed(LedgerWorld.partition(trace.topics.learnerStates(), 0))
                .forEach(each -> paused.put(
                        each.committedAt(),
                        TestEvents.event(trace.topics.learnerStates(), each.value())
                                        .getStatus()
                                == LearnerStatus.PAUSED));
        for (MemoryLog.Committed each :
                trace.world.log().committed(LedgerWorld.partition(trace.topics.trainingSteps(), 0))) {
            TrainingStep step = TestEvents.event(trace.topics.trainingSteps(), each.value());
            Map.Entry<Long, Boolean> before = paused.lowerEntry(each.committedAt());
            assertThat(step.getLine().equals(trace.kind.id()) && before != null && before.getValue())
                    .as("step %d was made during a pause", step.getStep())
                    .isFalse();
        }
    }

    /** A record that is read again after a crash is written to the DLQ again. */
    private static void checkDeadLetters(LedgerTrace trace) {
        MemoryLog log = trace.world.log();
        List<MemoryLog.Committed> consumed = trace.unreadable.stream()
                .filter(each -> each.offset() < log.consumed(each.partition()))
                .toList();
        assertThat(log.committed(new TopicPartition(trace.topics.advantages().deadLetters(), 0)))
                .as("dead letters of %s", consumed)
                .hasSizeGreaterThanOrEqualTo(consumed.size());
    }

    private static void checkRetention(LedgerTrace trace) {
        if (trace.world.role().storage().usesFolder(0)) {
            checkFolders(trace);
            return;
        }
        long begin = trace.world.log().begin(LedgerWorld.partition(trace.topics.weights(trace.kind), 0));
        List<Long> snapshots = trace.manifests.stream()
                .filter(each -> each.getOptimizer() != null)
                .map(WeightsManifest::getFirstChunkOffset)
                .toList();
        assertThat(begin)
                .as("first offset of the weights")
                .isLessThanOrEqualTo(snapshots.size() < 2 ? 0 : snapshots.get(snapshots.size() - 2));
    }

    private static void checkFolders(LedgerTrace trace) {
        List<WeightsManifest> snapshots = trace.manifests.stream()
                .filter(each -> each.getOptimizer() != null)
                .toList();
        Stream.of(
                        trace.manifests.subList(0, 1),
                        snapshots.subList(Math.max(0, snapshots.size() - 2), snapshots.size()),
                        List.of(trace.newest()))
                .flatMap(List::stream)
                .forEach(kept -> assertThat(WeightsFiles.folder(kept).resolve(WeightsFiles.WEIGHTS))
                        .as("weights of version %d", kept.getVersion())
                        .exists());
    }

    private static void checkValues(LedgerTrace trace) {
        if (trace.kind != ModelKind.CRITIC) {
            return;
        }
        List<Value> values = trace.world.events(trace.topics.values());
        List<String> asked = new ArrayList<>();
        for (int partition = 0; partition < trace.topics.partitions(); partition++) {
            trace.world
                    .log()
                    .committed(LedgerWorld.partition(trace.topics.prompts(), partition))
                    .forEach(each -> asked.add(TestEvents.event(trace.topics.prompts(), each.value())
                            .getRequestId()));
        }
        assertThat(values.stream().map(Value::getRequestId).toList())
                .as("prompts scored")
                .containsExactlyInAnyOrderElementsOf(asked);
        for (Value value : values) {
            int version = value.getCriticVersion();
            assertThat(value.getLogit())
                    .as("logit of %s by version %d", value.getRequestId(), version)
                    .isEqualTo(trace.undisturbed().get(version).logits().get(value.getRequestId()));
            assertThat(value.getCriticSha256())
                    .isEqualTo(trace.versions.get(version).getSha256());
        }
    }

    /** {@link LateReader} compares the weights that it reads with the manifest. */
    private static void checkReader(LedgerTrace trace) {
        trace.world.reader().catchUp(trace.newest());
    }
}
