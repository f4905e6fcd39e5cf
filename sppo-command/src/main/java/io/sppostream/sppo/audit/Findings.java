package io.sppostream.sppo.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.TrainingStep;
import io.sppostream.log.Received;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import io.sppostream.sppo.recorded.Lineage;
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
    private final Map<WeightLine, Versions> versions = new EnumMap<>(WeightLine.class);
    private final Map<WeightLine, Versions> named = new EnumMap<>(WeightLine.class);
    private final Map<WeightLine, Ledger> ledgers = new EnumMap<>(WeightLine.class);
    private final Check steps = new Check("ledger", "no gap, hashes chain from version 0");
    private final Check trained = new Check("training", "each sample where the ledger says, none twice");
    private final Check offsets = new Check("offsets", "all before them is trained or expired");
    private final Check published = new Check("versions", "each as its step made it");

    /** @param configurations the hashes of those on {@code runs} */
    Findings(Topics topics, Set<String> configurations, Lineage lineage) {
        this.topics = topics;
        this.lineage = lineage;
        this.joins = new Joins(topics, requests);
        for (WeightLine line : WeightLine.values()) {
            Versions those = new Versions(line, published);
            versions.put(line, those);
            named.put(line, lineage.isOwn(line) ? those : Versions.ofAnother(line));
            ledgers.put(
                    line,
                    new Ledger(topics, lineage, requests, samples, those, configurations, steps, trained, offsets));
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

    Versions versions(WeightLine line) {
        return requireNonNull(versions.get(line));
    }

    /** The versions that samples name, where they are not those of the namespace. */
    Versions named(WeightLine line) {
        return requireNonNull(named.get(line));
    }

    /** Takes in the next record of the ledger. */
    void take(Received<TrainingStep> received) {
        TrainingStep step = received.event();
        Ledger ledger = ledgers.entrySet().stream()
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
    void end(Map<WeightLine, Map<TopicPartition, Long>> consumed, ToLongFunction<WeightLine> before) {
        ledgers.forEach((line, ledger) -> ledger.end(consumed.getOrDefault(line, Map.of())));
        // Of a driven line, a step's record may follow its version later.
        versions.forEach((line, those) -> those.requireSteps(lineage.isDriven(line) ? 0 : before.applyAsLong(line)));
        named.forEach((line, those) -> {
            if (lineage.named().containsKey(line)) {
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
        steps.sumUp("%s", each(ledgers, (line, ledger) -> line.id() + " " + ledger.steps() + " steps"));
        trained.sumUp(
                "%s",
                each(
                        ledgers,
                        (line, ledger) -> String.format(Locale.ROOT, "%s %,d samples", line.id(), ledger.samples())));
        offsets.sumUp(
                "consumed by %s",
                ledgers.keySet().stream()
                        .filter(line -> !lineage.isDriven(line))
                        .map(WeightLine::id)
                        .collect(Collectors.joining(" and ")));
        published.sumUp(
                "%s",
                each(
                        versions,
                        (line, those) -> line.id() + " " + those.manifests().size()));
        Set<WeightLine> lines =
                Stream.of(WeightLine.values()).filter(lineage::trains).collect(Collectors.toSet());
        Check conserved = requests.conclude(topics.prompts().name(), lines);
        return List.of(conserved, joins.conclude(whole), samples.conclude(), steps, trained, offsets, published)
                .stream()
                .map(Check::result)
                .toList();
    }

    private static <T> String each(Map<WeightLine, T> byLine, BiFunction<WeightLine, T, String> words) {
        return byLine.entrySet().stream()
                .map(entry -> words.apply(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }
}
