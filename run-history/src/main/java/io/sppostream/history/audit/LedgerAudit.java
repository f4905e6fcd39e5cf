package io.sppostream.history.audit;

import io.sppostream.events.Recovery;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.ConsumedOffsets.Consumption;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Checks the ledger of the policy or the critic, step by step. There are no gaps. Each step starts from the version and
 * the hash that the previous one made. No step trains what it leaves for the next. Passes on the samples of the steps, to
 * be compared with their requests.
 */
final class LedgerAudit {
    private final ModelKind kind;
    private final Topics topics;
    private final Lineage lineage;
    private final FactStore facts;
    private final VersionAudit versions;
    private final Set<String> configurations;
    private final Check steps;
    private final Check offsets;
    private final ConsumedOffsets consumed = new ConsumedOffsets();
    private @Nullable TrainingStep previous;
    private int count;
    private long sampleCount;
    private int recomputed;
    private int restored;

    /**
     * @param configurations hashes of the configurations on {@code runs}
     * @param steps check of the steps themselves
     * @param offsets check of the offsets that they consumed
     */
    LedgerAudit(
            Topics topics,
            Lineage lineage,
            FactStore facts,
            VersionAudit versions,
            Set<String> configurations,
            Check steps,
            Check offsets) {
        this.kind = versions.kind();
        this.topics = topics;
        this.lineage = lineage;
        this.facts = facts;
        this.versions = versions;
        this.configurations = configurations;
        this.steps = steps;
        this.offsets = offsets;
    }

    /** Checks the next step. */
    void take(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        count++;
        recomputed += step.getRecovered() == Recovery.RECOMPUTED ? 1 : 0;
        restored += step.getRecovered() == Recovery.RESTORED ? 1 : 0;
        checkChain(record);
        versions.compare(record);
        for (TrainedSample sample : step.getSamples()) {
            facts.add(new Fact.Trained(
                    sample.getRolloutId(),
                    kind,
                    step.getStep(),
                    step.getFromVersion(),
                    sample.getPolicyLag(),
                    record.offset(),
                    sample.getPartition(),
                    sample.getOffset()));
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
        Map<Integer, Long> next = new HashMap<>();
        step.getConsumed().forEach(offset -> next.put(offset.getPartition(), offset.getOffset()));
        for (TrainedSample sample : step.getSamples()) {
            long ofPartition = next.getOrDefault(sample.getPartition(), 0L);
            require(
                    offsets,
                    sample.getOffset() < ofPartition,
                    record,
                    () -> "trains " + place(sample) + " and will consume it again: its next offset is " + ofPartition);
        }
        next.forEach((partition, offset) -> consumed.add(new Consumption(
                partition,
                offset,
                step.getStep(),
                Finding.place(record.topic(), record.partition(), record.offset()))));
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

    private String place(TrainedSample sample) {
        return Finding.place(topics.advantages().name(), sample.getPartition(), sample.getOffset());
    }

    /** Takes the offsets into account that were committed before the ledger was read; call it after the last step. */
    void end(Map<TopicPartition, Long> committed) {
        int last = previous == null ? 0 : previous.getStep();
        committed.forEach((partition, offset) -> {
            if (partition.topic().equals(topics.advantages().name())) {
                consumed.add(new Consumption(partition.partition(), offset, last, partition.toString()));
            }
        });
    }

    /** The offsets that the model has consumed. */
    ConsumedOffsets consumed() {
        return consumed;
    }

    private static void require(
            Check check, boolean condition, EventRecord<TrainingStep> step, Supplier<String> otherwise) {
        check.require(condition, () -> Finding.at(step.event().getStep(), step, otherwise.get()));
    }

    /** The steps, and how many followed a recovery, in words. */
    String summary() {
        String recovered = Stream.of(
                        recomputed == 0 ? "" : recomputed + " after a recovery that recomputed the same weights",
                        restored == 0 ? "" : restored + " after a recovery that restored weights from the log")
                .filter(words -> !words.isEmpty())
                .collect(Collectors.joining(", "));
        return kind.id() + " " + count + " steps" + (recovered.isEmpty() ? "" : " (" + recovered + ")");
    }

    long samples() {
        return sampleCount;
    }
}
