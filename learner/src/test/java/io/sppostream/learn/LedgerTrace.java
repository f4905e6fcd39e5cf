package io.sppostream.learn;

import io.sppostream.events.ConsumedOffset;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.weights.WeightsPublisher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** What a learner has left on the log, and what a learner that nothing happens to makes of the same steps. */
final class LedgerTrace {
    final LedgerWorld world;
    final Topics topics;
    final ModelKind kind;

    /** The samples on advantages, by partition and offset. */
    final Map<TopicPartition, Map<Long, TrainingSample>> arrived = new HashMap<>();

    /** The records on advantages that are not events. */
    final List<MemoryLog.Committed> unreadable = new ArrayList<>();

    /** The learner's steps, in order. */
    final List<TrainingStep> ledger;

    /** Its versions, in order, as its steps published them. */
    final List<WeightsManifest> versions;

    /** All manifests, in order: also those of the snapshots that learners wrote when they stopped. */
    final List<WeightsManifest> manifests;

    /** Whether all steps were trained on processors that compute the same bits. */
    final boolean sameBits;

    /** How often it has expired each rollout. */
    final Map<String, Long> expired;

    private @Nullable List<Undisturbed> undisturbed;

    /**
     * A version of a learner that nothing happens to.
     *
     * @param logits of the values that name the version, by request; empty for a policy
     */
    record Undisturbed(String sha256, String optimizerSha256, Map<String, Float> logits) {}

    LedgerTrace(LedgerWorld world) {
        this.world = world;
        this.topics = world.topics();
        this.kind = world.role().kind();
        for (int partition = 0; partition < topics.partitions(); partition++) {
            TopicPartition of = LedgerWorld.partition(topics.advantages(), partition);
            arrived.put(of, samples(of));
        }
        ledger = world.events(topics.trainingSteps()).stream()
                .filter(step -> step.getLine().equals(kind.id()))
                .toList();
        manifests = world.events(topics.versions(kind));
        Map<Integer, WeightsManifest> first = new LinkedHashMap<>();
        manifests.forEach(each -> first.putIfAbsent(each.getVersion(), each));
        versions = List.copyOf(first.values());
        sameBits = !world.happened().contains(LedgerFault.OTHER_PROCESSOR);
        expired = world.events(topics.expired()).stream()
                .filter(each -> each.getReason() == ExpiryReason.STALE)
                .collect(Collectors.groupingBy(Expired::getRolloutId, Collectors.counting()));
    }

    private Map<Long, TrainingSample> samples(TopicPartition partition) {
        Map<Long, TrainingSample> samples = new LinkedHashMap<>();
        for (MemoryLog.Committed each : world.log().committed(partition)) {
            try {
                samples.put(each.offset(), TestEvents.event(topics.advantages(), each.value()));
            } catch (SerializationException e) {
                unreadable.add(each);
            }
        }
        return samples;
    }

    int batchSize() {
        return world.settings().step().batchSize();
    }

    int groups() {
        return world.settings().step().groups();
    }

    /** Steps in which a sample may be trained, from the one that takes its group on. */
    int lifetime() {
        return world.settings().step().replay().lifetime();
    }

    int maxLag() {
        return world.settings().maxLag();
    }

    WeightsManifest newest() {
        return manifests.get(manifests.size() - 1);
    }

    /** The offsets up to which a step has settled the samples of each partition. */
    Map<TopicPartition, Long> settled(TrainingStep step) {
        return step.getConsumed().stream()
                .collect(Collectors.toMap(
                        each -> LedgerWorld.partition(topics.advantages(), each.getPartition()),
                        ConsumedOffset::getOffset));
    }

    /** The samples of a step, in the order of the ledger. */
    List<TrainingSample> samples(TrainingStep step) {
        return step.getSamples().stream().map(this::sample).toList();
    }

    private TrainingSample sample(TrainedSample trained) {
        TopicPartition partition = LedgerWorld.partition(topics.advantages(), trained.getPartition());
        return Objects.requireNonNull(
                Objects.requireNonNull(arrived.get(partition)).get(trained.getOffset()), trained.getRolloutId());
    }

    /** The versions of a learner that trains on the ledger's samples and that nothing happens to, in order. */
    List<Undisturbed> undisturbed() {
        if (undisturbed == null) {
            List<Undisturbed> made = new ArrayList<>();
            try (TrainableModel model = world.role().start(0)) {
                made.add(version(model, 0));
                for (TrainingStep step : ledger) {
                    model.train(step.getStep(), step.getFromSha256(), samples(step));
                    made.add(version(model, made.size()));
                }
            }
            undisturbed = made;
        }
        return undisturbed;
    }

    private Undisturbed version(TrainableModel model, int version) {
        Map<String, Float> logits = new HashMap<>();
        if (model instanceof TrainableCritic critic) {
            for (Value value : world.events(topics.values())) {
                if (value.getCriticVersion() == version) {
                    String id = value.getRequestId();
                    int[] tokens = critic.scoring()
                            .tokens(
                                    id,
                                    TestEvents.prompt(Integer.parseInt(id.substring(2)))
                                            .getMessages());
                    logits.put(id, critic.scoring().logits(List.of(tokens))[0]);
                }
            }
        }
        return new Undisturbed(model.sha256(), WeightsPublisher.sha256(model::writeOptimizer), logits);
    }
}
