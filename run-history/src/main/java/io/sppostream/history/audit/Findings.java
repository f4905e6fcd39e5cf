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
 * All checks but that of the weights' bytes, over records from wherever they come. Versions first; then requests and
 * samples, in any order and by several threads, one a topic; the ledger last.
 */
final class Findings {
    private final Topics topics;
    private final Requests requests = new Requests();
    private final Samples samples = new Samples(requests);
    private final Joins joins;
    private final Lineage lineage;
    private final Map<ModelKind, Versions> versions = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, Versions> named = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, LedgerAudit> ledgers = new EnumMap<>(ModelKind.class);
    private final Check steps = new Check("ledger", "no gap, hashes chain from version 0");
    private final Check trained = new Check("training", "each sample where the ledger says, none twice");
    private final Check offsets = new Check("offsets", "all before them is trained or expired");
    private final Check published = new Check("versions", "each as its step made it");

    /** @param configurations the hashes of those on {@code runs} */
    Findings(Topics topics, Set<String> configurations, Lineage lineage) {
        this.topics = topics;
        this.lineage = lineage;
        this.joins = new Joins(topics, requests);
        for (ModelKind kind : ModelKind.values()) {
            Versions those = new Versions(kind, published);
            versions.put(kind, those);
            named.put(kind, lineage.isOwn(kind) ? those : Versions.ofAnother(kind));
            ledgers.put(
                    kind,
                    new LedgerAudit(
                            topics, lineage, requests, samples, those, configurations, steps, trained, offsets));
        }
    }

    Requests requests() {
        return requests;
    }

    Samples samples() {
        return samples;
    }

    Joins joins() {
        return joins;
    }

    Versions versions(ModelKind kind) {
        return requireNonNull(versions.get(kind));
    }

    /** The versions that samples name, where they are not those of the namespace. */
    Versions named(ModelKind kind) {
        return requireNonNull(named.get(kind));
    }

    /** Takes in the next record of the ledger. */
    void take(EventRecord<TrainingStep> received) {
        TrainingStep step = received.event();
        LedgerAudit ledger = ledgers.entrySet().stream()
                .filter(entry -> entry.getKey().id().equals(step.getLine()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
        if (ledger == null) {
            steps.differs(Difference.at(step.getStep(), received, "there is no weight line '" + step.getLine() + "'"));
        } else {
            ledger.take(received);
        }
    }

    /**
     * Looks at the ends of the lines.
     *
     * @param consumed what the group of each had committed before the ledger was looked at
     * @param before where the versions topic of each ended then
     */
    void end(Map<ModelKind, Map<TopicPartition, Long>> consumed, ToLongFunction<ModelKind> before) {
        ledgers.forEach((kind, ledger) -> ledger.end(consumed.getOrDefault(kind, Map.of())));
        // Of a driven line, a step's record may follow its version later.
        versions.forEach((kind, those) -> those.requireSteps(lineage.isDriven(kind) ? 0 : before.applyAsLong(kind)));
        named.forEach((kind, those) -> {
            if (lineage.named().containsKey(kind)) {
                samples.compare(those);
            }
        });
    }

    /**
     * What came of each, in the order of the flow.
     *
     * @param whole names of the topics that still have all of their records
     */
    List<AuditReport.Result> results(Set<String> whole) {
        steps.sumUp("%s", each(ledgers, (kind, ledger) -> kind.id() + " " + ledger.steps() + " steps"));
        trained.sumUp(
                "%s",
                each(
                        ledgers,
                        (kind, ledger) -> String.format(Locale.ROOT, "%s %,d samples", kind.id(), ledger.samples())));
        offsets.sumUp(
                "consumed by %s",
                ledgers.keySet().stream()
                        .filter(kind -> !lineage.isDriven(kind))
                        .map(ModelKind::id)
                        .collect(Collectors.joining(" and ")));
        published.sumUp(
                "%s",
                each(
                        versions,
                        (kind, those) -> kind.id() + " " + those.manifests().size()));
        Set<ModelKind> lines =
                Stream.of(ModelKind.values()).filter(lineage::trains).collect(Collectors.toSet());
        Check conserved = requests.conclude(topics.prompts().name(), lines);
        return List.of(conserved, joins.conclude(whole), samples.conclude(), steps, trained, offsets, published)
                .stream()
                .map(Check::result)
                .toList();
    }

    private static <T> String each(Map<ModelKind, T> byLine, BiFunction<ModelKind, T, String> words) {
        return byLine.entrySet().stream()
                .map(entry -> words.apply(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }
}
