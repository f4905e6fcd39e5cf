package io.sppostream.history.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The ledger of one line, step by step: gapless, each step from the version and the hash that the one before made, each
 * sample where it is said to lie, none trained twice, and everything before the consumed offsets trained or expired.
 */
final class LedgerAudit {
    private final ModelKind kind;
    private final Topics topics;
    private final Lineage lineage;
    private final Requests requests;
    private final Samples samples;
    private final Versions versions;
    private final Set<String> configurations;
    private final Check steps;
    private final Check trained;
    private final Check offsets;
    private final Map<Integer, Integer> settled = new HashMap<>();
    private @Nullable TrainingStep previous;
    private int count;
    private long sampleCount;

    /**
     * @param configurations the hashes of those on {@code runs}
     * @param steps takes what is wrong with a step itself
     * @param trained takes what is wrong with its samples
     * @param offsets takes what is wrong with the offsets it consumed
     */
    LedgerAudit(
            Topics topics,
            Lineage lineage,
            Requests requests,
            Samples samples,
            Versions versions,
            Set<String> configurations,
            Check steps,
            Check trained,
            Check offsets) {
        this.kind = versions.kind();
        this.topics = topics;
        this.lineage = lineage;
        this.requests = requests;
        this.samples = samples;
        this.versions = versions;
        this.configurations = configurations;
        this.steps = steps;
        this.trained = trained;
        this.offsets = offsets;
    }

    /** Takes in the next step of the line. */
    void take(EventRecord<TrainingStep> received) {
        TrainingStep step = received.event();
        count++;
        checkChain(received);
        versions.compare(received);
        for (TrainedSample sample : step.getSamples()) {
            checkSample(received, sample);
        }
        sampleCount += step.getSamples().size();
        require(
                steps,
                step.getSamplesTrained() == sampleCount,
                received,
                () -> "samples trained are counted as " + step.getSamplesTrained() + ", the steps have " + sampleCount);
        if (!lineage.isDriven(kind)) {
            checkOffsets(received);
        }
        previous = step;
    }

    private void checkOffsets(EventRecord<TrainingStep> received) {
        TrainingStep step = received.event();
        Map<Integer, Long> consumed = new HashMap<>();
        step.getConsumed().forEach(offset -> consumed.put(offset.getPartition(), offset.getOffset()));
        for (TrainedSample sample : step.getSamples()) {
            long next = consumed.getOrDefault(sample.getPartition(), 0L);
            require(
                    offsets,
                    sample.getOffset() < next,
                    received,
                    () -> "trains " + place(sample) + " and would consume it again, from offset " + next);
        }
        consumed.forEach((partition, offset) -> {
            Samples.Entry skipped = settle(partition, offset, step.getStep());
            require(offsets, skipped == null, received, () -> skipping(partition, offset, requireNonNull(skipped)));
        });
    }

    private void checkChain(EventRecord<TrainingStep> received) {
        TrainingStep step = received.event();
        int number = previous == null ? 1 : previous.getStep() + 1;
        int from = previous == null ? 0 : previous.getToVersion();
        String sha256 = previous == null ? versions.sha256(0) : previous.getToSha256();
        require(
                steps,
                step.getStep() == number,
                received,
                () -> kind.id() + " step " + number + " is expected, step " + step.getStep() + " is there");
        require(
                steps,
                step.getFromVersion() == from && step.getToVersion() == from + 1,
                received,
                () -> "goes from version " + step.getFromVersion() + " to " + step.getToVersion() + ", not from " + from
                        + " to " + (from + 1));
        require(
                steps,
                step.getFromSha256().equals(sha256),
                received,
                () -> "starts from weights " + Versions.brief(step.getFromSha256()) + ", where version " + from + " is "
                        + (sha256 == null ? "not published" : Versions.brief(sha256)));
        require(
                steps,
                configurations.contains(step.getConfigurationSha256()),
                received,
                () -> "was made under a configuration that is not on "
                        + topics.runs().name());
    }

    private void checkSample(EventRecord<TrainingStep> received, TrainedSample sample) {
        TrainingStep step = received.event();
        Fate fate = requests.fate(sample.getRolloutId());
        int before = fate.step(kind);
        require(
                trained,
                before == 0,
                received,
                () -> "rollout " + fate.rolloutId + " is trained a second time by the " + kind.id() + ", after step "
                        + before);
        fate.trained(kind, step.getStep());
        Samples.Entry there = samples.at(sample.getPartition(), sample.getOffset());
        if (there == null || there.fate() != fate) {
            trained.differs(Difference.at(
                    step.getStep(),
                    received,
                    "rollout " + fate.rolloutId + " is said to be at " + place(sample) + ", where "
                            + (there == null ? "there is no sample" : "rollout " + there.fate().rolloutId + " is")));
            return;
        }
        int version = kind == ModelKind.POLICY ? there.policyVersion() : there.criticVersion();
        int lag = step.getFromVersion() - version;
        // Versions of another run may be ahead of the line's.
        require(
                trained,
                sample.getPolicyLag() == lag && (lag >= 0 || !lineage.isOwn(kind)),
                received,
                () -> "rollout " + fate.rolloutId + " of " + kind.id() + " version " + version + " has lag "
                        + sample.getPolicyLag() + " at version " + step.getFromVersion());
    }

    /** Looks at what is newly consumed of a partition; returns the first of it that has not settled, or null. */
    private Samples.@Nullable Entry settle(int partition, long offset, int step) {
        List<Samples.Entry> entries = samples.of(partition);
        Samples.Entry skipped = null;
        int next = settled.getOrDefault(partition, 0);
        for (; next < entries.size() && entries.get(next).offset() < offset; next++) {
            Fate fate = entries.get(next).fate();
            boolean done = fate.expired || (fate.step(kind) > 0 && fate.step(kind) <= step);
            if (skipped == null && !done) {
                skipped = entries.get(next);
            }
        }
        settled.put(partition, next);
        return skipped;
    }

    private String skipping(int partition, long offset, Samples.Entry skipped) {
        String name = topics.advantages().name();
        return "the " + kind.id() + " has consumed " + Difference.place(name, partition, offset)
                + " without training rollout " + skipped.fate().rolloutId + " at "
                + Difference.place(name, partition, skipped.offset());
    }

    private String place(TrainedSample sample) {
        return Difference.place(topics.advantages().name(), sample.getPartition(), sample.getOffset());
    }

    /** Looks at what the line's group had committed before the ledger was looked at: none of it may be left out. */
    void end(Map<TopicPartition, Long> committed) {
        int last = previous == null ? 0 : previous.getStep();
        committed.forEach((partition, offset) -> {
            if (partition.topic().equals(topics.advantages().name())) {
                Samples.Entry skipped = settle(partition.partition(), offset, last);
                offsets.require(
                        skipped == null,
                        () -> new Difference(
                                last,
                                partition.toString(),
                                skipping(partition.partition(), offset, requireNonNull(skipped))));
            }
        });
    }

    private static void require(
            Check check, boolean condition, EventRecord<TrainingStep> step, Supplier<String> otherwise) {
        check.require(condition, () -> Difference.at(step.event().getStep(), step, otherwise.get()));
    }

    int steps() {
        return count;
    }

    long samples() {
        return sampleCount;
    }
}
