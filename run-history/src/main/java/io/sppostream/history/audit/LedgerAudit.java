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
 * Checks the ledger of the policy or the critic, step by step. There are no gaps. Each step starts from the version and
 * the hash that the previous one made. Each sample is at the offset that the step names, and none is trained twice. Every
 * sample before the consumed offsets is trained or expired.
 */
final class LedgerAudit {
    private final ModelKind kind;
    private final Topics topics;
    private final Lineage lineage;
    private final RequestAudit requests;
    private final SampleAudit samples;
    private final VersionAudit versions;
    private final Set<String> configurations;
    private final Check steps;
    private final Check trained;
    private final Check offsets;
    private final Map<Integer, Integer> settled = new HashMap<>();
    private @Nullable TrainingStep previous;
    private int count;
    private long sampleCount;

    /** @param configurations hashes of the configurations on {@code runs} */
    LedgerAudit(
            Topics topics,
            Lineage lineage,
            RequestAudit requests,
            SampleAudit samples,
            VersionAudit versions,
            Set<String> configurations,
            LedgerChecks checks) {
        this.kind = versions.kind();
        this.topics = topics;
        this.lineage = lineage;
        this.requests = requests;
        this.samples = samples;
        this.versions = versions;
        this.configurations = configurations;
        this.steps = checks.steps();
        this.trained = checks.samples();
        this.offsets = checks.offsets();
    }

    /** Checks the next step. */
    void take(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        count++;
        checkChain(record);
        versions.compare(record);
        for (TrainedSample sample : step.getSamples()) {
            checkSample(record, sample);
        }
        sampleCount += step.getSamples().size();
        require(
                steps,
                step.getSamplesTrained() == sampleCount,
                record,
                () -> "counts " + step.getSamplesTrained() + " samples trained, the steps have " + sampleCount);
        if (!lineage.isDriven(kind)) {
            checkOffsets(record);
        }
        previous = step;
    }

    private void checkOffsets(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        Map<Integer, Long> consumed = new HashMap<>();
        step.getConsumed().forEach(offset -> consumed.put(offset.getPartition(), offset.getOffset()));
        for (TrainedSample sample : step.getSamples()) {
            long next = consumed.getOrDefault(sample.getPartition(), 0L);
            require(
                    offsets,
                    sample.getOffset() < next,
                    record,
                    () -> "trains " + place(sample) + " and will consume it again: its next offset is " + next);
        }
        consumed.forEach((partition, offset) -> {
            AuditedSample skipped = settle(partition, offset, step.getStep());
            require(offsets, skipped == null, record, () -> skipping(partition, offset, requireNonNull(skipped)));
        });
    }

    private void checkChain(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        int number = previous == null ? 1 : previous.getStep() + 1;
        int from = previous == null ? 0 : previous.getToVersion();
        String sha256 = previous == null ? versions.sha256(0) : previous.getToSha256();
        require(
                steps,
                step.getStep() == number,
                record,
                () -> kind.id() + " step " + number + " is expected, step " + step.getStep() + " is there");
        require(
                steps,
                step.getFromVersion() == from && step.getToVersion() == from + 1,
                record,
                () -> "goes from version " + step.getFromVersion() + " to " + step.getToVersion() + ", not from " + from
                        + " to " + (from + 1));
        require(
                steps,
                step.getFromSha256().equals(sha256),
                record,
                () -> "starts from weights " + VersionAudit.brief(step.getFromSha256()) + ", where version " + from
                        + " is " + (sha256 == null ? "not published" : VersionAudit.brief(sha256)));
        require(
                steps,
                configurations.contains(step.getConfigurationSha256()),
                record,
                () -> "was made under a configuration that is not on "
                        + topics.runs().name());
    }

    private void checkSample(EventRecord<TrainingStep> record, TrainedSample sample) {
        TrainingStep step = record.event();
        RolloutStatus status = requests.status(sample.getRolloutId());
        int before = status.step(kind);
        require(
                trained,
                before == 0,
                record,
                () -> "rollout " + status.rolloutId + " is trained a second time by the " + kind.id() + ", after step "
                        + before);
        status.trained(kind, step.getStep());
        AuditedSample there = samples.at(sample.getPartition(), sample.getOffset());
        if (there == null || there.status() != status) {
            trained.add(Finding.at(
                    step.getStep(),
                    record,
                    "rollout " + status.rolloutId + " is said to be at " + place(sample) + ", where "
                            + (there == null ? "there is no sample" : "rollout " + there.status().rolloutId + " is")));
            return;
        }
        int version = kind == ModelKind.POLICY ? there.policyVersion() : there.criticVersion();
        int lag = step.getFromVersion() - version;
        // A replay's samples name versions of another run, which may be ahead.
        require(
                trained,
                sample.getPolicyLag() == lag && (lag >= 0 || !lineage.isOwn(kind)),
                record,
                () -> "rollout " + status.rolloutId + " of " + kind.id() + " version " + version + " has lag "
                        + sample.getPolicyLag() + " at version " + step.getFromVersion());
    }

    /** Advances over the newly consumed samples of a partition; returns the first that has not settled, or null. */
    private @Nullable AuditedSample settle(int partition, long offset, int step) {
        List<AuditedSample> entries = samples.of(partition);
        AuditedSample skipped = null;
        int next = settled.getOrDefault(partition, 0);
        for (; next < entries.size() && entries.get(next).offset() < offset; next++) {
            RolloutStatus status = entries.get(next).status();
            boolean done = status.expired || (status.step(kind) > 0 && status.step(kind) <= step);
            if (skipped == null && !done) {
                skipped = entries.get(next);
            }
        }
        settled.put(partition, next);
        return skipped;
    }

    private String skipping(int partition, long offset, AuditedSample skipped) {
        String name = topics.advantages().name();
        return "the " + kind.id() + " has consumed " + Finding.place(name, partition, offset)
                + " without training rollout " + skipped.status().rolloutId + " at "
                + Finding.place(name, partition, skipped.offset());
    }

    private String place(TrainedSample sample) {
        return Finding.place(topics.advantages().name(), sample.getPartition(), sample.getOffset());
    }

    /** Checks that no sample before the offsets that were committed before the ledger was read is left out. */
    void end(Map<TopicPartition, Long> committed) {
        int last = previous == null ? 0 : previous.getStep();
        committed.forEach((partition, offset) -> {
            if (partition.topic().equals(topics.advantages().name())) {
                AuditedSample skipped = settle(partition.partition(), offset, last);
                offsets.require(
                        skipped == null,
                        () -> new Finding(
                                last,
                                partition.toString(),
                                skipping(partition.partition(), offset, requireNonNull(skipped))));
            }
        });
    }

    private static void require(
            Check check, boolean condition, EventRecord<TrainingStep> step, Supplier<String> otherwise) {
        check.require(condition, () -> Finding.at(step.event().getStep(), step, otherwise.get()));
    }

    int steps() {
        return count;
    }

    long samples() {
        return sampleCount;
    }
}
