package io.sppostream.history.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;

/**
 * All checks except that of the weights' bytes. They take records from any source: versions first, then requests and
 * samples in any order, by one thread per topic, and the ledger last.
 */
final class AuditChecks {
    private final Topics topics;
    private final RequestAudit requests = new RequestAudit();
    private final SampleAudit samples = new SampleAudit(requests);
    private final JoinAudit joins;
    private final Lineage lineage;
    private final Map<ModelKind, VersionAudit> versions = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, VersionAudit> named = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, LedgerAudit> ledgers = new EnumMap<>(ModelKind.class);
    private final Check steps = new Check("ledger", "no gaps, hashes chain from version 0");
    private final Check trained = new Check("training", "each sample is where the ledger says, none is trained twice");
    private final Check offsets = new Check("offsets", "every sample before them is trained or expired");
    private final Check published = new Check("versions", "each is as its step made it");

    /** @param configurations hashes of the configurations on {@code runs} */
    AuditChecks(Topics topics, Set<String> configurations, Lineage lineage) {
        this.topics = topics;
        this.lineage = lineage;
        this.joins = new JoinAudit(topics, requests);
        for (ModelKind kind : ModelKind.values()) {
            VersionAudit own = new VersionAudit(kind, published);
            versions.put(kind, own);
            named.put(kind, lineage.isOwn(kind) ? own : VersionAudit.ofAnother(kind));
            ledgers.put(
                    kind,
                    new LedgerAudit(
                            topics,
                            lineage,
                            requests,
                            samples,
                            own,
                            configurations,
                            new LedgerChecks(steps, trained, offsets)));
        }
    }

    RequestAudit requests() {
        return requests;
    }

    SampleAudit samples() {
        return samples;
    }

    JoinAudit joins() {
        return joins;
    }

    VersionAudit versions(ModelKind kind) {
        return requireNonNull(versions.get(kind));
    }

    /** The versions that samples name; those of another namespace if this one is a replay. */
    VersionAudit named(ModelKind kind) {
        return requireNonNull(named.get(kind));
    }

    /** Adds the next record of the ledger. */
    void take(EventRecord<TrainingStep> record) {
        TrainingStep step = record.event();
        LedgerAudit ledger = ledgers.entrySet().stream()
                .filter(entry -> entry.getKey().id().equals(step.getLine()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
        if (ledger == null) {
            steps.add(Finding.at(step.getStep(), record, "there is no model '" + step.getLine() + "'"));
        } else {
            ledger.take(record);
        }
    }

    /**
     * Checks the ends of the ledger, by model.
     *
     * @param consumed offsets that the group of each model had committed before the ledger was read
     * @param before end of the versions topic of each model at that time
     */
    void end(Map<ModelKind, Map<TopicPartition, Long>> consumed, ToLongFunction<ModelKind> before) {
        ledgers.forEach((kind, ledger) -> ledger.end(consumed.getOrDefault(kind, Map.of())));
        // The critic of a replay writes a step's record later than its version.
        versions.forEach((kind, own) -> own.requireSteps(lineage.isDriven(kind) ? 0 : before.applyAsLong(kind)));
        named.forEach((kind, those) -> {
            if (lineage.named().containsKey(kind)) {
                samples.compare(those);
            }
        });
    }

    /**
     * The results, in the order of the data flow.
     *
     * @param complete names of the topics that still have all of their records
     */
    List<AuditReport.Result> results(Set<String> complete) {
        steps.summarize("%s", each(ledgers, (kind, ledger) -> kind.id() + " " + ledger.steps() + " steps"));
        trained.summarize(
                "%s",
                each(
                        ledgers,
                        (kind, ledger) -> String.format(Locale.ROOT, "%s %,d samples", kind.id(), ledger.samples())));
        offsets.summarize(
                "consumed by %s",
                ledgers.keySet().stream()
                        .filter(kind -> !lineage.isDriven(kind))
                        .map(ModelKind::id)
                        .collect(Collectors.joining(" and ")));
        published.summarize(
                "%s",
                each(versions, (kind, own) -> kind.id() + " " + own.manifests().size()));
        Set<ModelKind> trainedKinds =
                Stream.of(ModelKind.values()).filter(lineage::trains).collect(Collectors.toSet());
        Check conserved = requests.conclude(topics.prompts().name(), trainedKinds);
        return List.of(conserved, joins.conclude(complete), samples.conclude(), steps, trained, offsets, published)
                .stream()
                .map(Check::result)
                .toList();
    }

    private static <T> String each(Map<ModelKind, T> byKind, BiFunction<ModelKind, T, String> words) {
        return byKind.entrySet().stream()
                .map(entry -> words.apply(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }
}
