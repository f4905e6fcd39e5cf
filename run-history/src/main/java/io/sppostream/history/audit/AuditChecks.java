package io.sppostream.history.audit;

import static java.util.Objects.requireNonNull;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.RequestAudit.SampleLookup;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * All checks except that of the weights' bytes. They take records from any source: versions first, then the other topics
 * in any order, by one thread per topic. Of each record they keep a few numbers, in a {@link FactStore}.
 */
final class AuditChecks implements AutoCloseable {
    private static final Set<ExpiryReason> REFUSALS = EnumSet.of(ExpiryReason.INVALID_ROLLOUT, ExpiryReason.TOO_LARGE);

    private final Topics topics;
    private final Lineage lineage;
    private final FactStore facts = new FactStore();
    private final Map<ModelKind, VersionAudit> versions = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, VersionAudit> named = new EnumMap<>(ModelKind.class);
    private final Map<ModelKind, LedgerAudit> ledgers = new EnumMap<>(ModelKind.class);
    private final Check requests = new Check("requests", "they add up");
    private final Check joins =
            new Check("joins", "each holds the rollout, verdicts and value that are on their topics");
    private final Check sampled =
            new Check("samples", "at most one per rollout, rewards and advantages recomputed, weights as published");
    private final Check steps = new Check("ledger", "no gaps, hashes chain from version 0");
    private final Check trained = new Check("training", "each sample is where the ledger says, none is trained twice");
    private final Check offsets = new Check("offsets", "every sample before them is trained or expired");
    private final Check published = new Check("versions", "each is as its step made it");
    private final SampleAudit samples;
    private final @Nullable GroupAudit groups;
    private final EventEncoding<Rollout> rollouts = new EventEncoding<>(Rollout.class);
    private final EventEncoding<Verdict> verdicts = new EventEncoding<>(Verdict.class);
    private final EventEncoding<Value> values = new EventEncoding<>(Value.class);

    /**
     * @param configurations hashes of the configurations on {@code runs}
     * @param groups computes the advantages of groups again; null if they follow from single samples
     */
    AuditChecks(Topics topics, Set<String> configurations, Lineage lineage, @Nullable GroupAudit groups) {
        this.topics = topics;
        this.lineage = lineage;
        this.groups = groups;
        this.samples = new SampleAudit(facts, sampled, groups);
        for (ModelKind kind : ModelKind.values()) {
            VersionAudit own = new VersionAudit(kind, published);
            versions.put(kind, own);
            named.put(kind, lineage.isOwn(kind) ? own : VersionAudit.ofAnother(kind));
            ledgers.put(kind, new LedgerAudit(topics, lineage, facts, own, configurations, steps, offsets));
        }
    }

    void prompt(EventRecord<Prompt> record) {
        facts.add(new Fact.Asked(
                PromptRules.boundedId(record.event().getRequestId()), PromptRules.rollouts(record.event())));
    }

    void rollout(EncodedEvent record) {
        facts.add(new Fact.Answered(
                PromptRules.boundedId(record.event().string("rolloutId")), rollouts.digest(record.event())));
        if (groups != null) {
            facts.add(groups.rollout(record));
        }
    }

    void verdict(EncodedEvent record) {
        facts.add(new Fact.Judged(record.event().string("rolloutId"), verdicts.digest(record.event())));
        if (groups != null) {
            facts.add(GroupAudit.verdict(record));
        }
    }

    void value(EncodedEvent record) {
        facts.add(new Fact.Scored(record.event().string("requestId"), values.digest(record.event())));
    }

    void sample(EncodedEvent record) {
        samples.take(record);
    }

    void expired(EventRecord<Expired> record) {
        Expired expired = record.event();
        String rolloutId = expired.getRolloutId();
        if (rolloutId == null) {
            facts.add(new Fact.RequestExpired(expired.getRequestId()));
        } else if (REFUSALS.contains(expired.getReason())
                && expired.getDecidedBy().equals(RoleName.ADVANTAGE_STREAM)) {
            facts.add(new Fact.RolloutRefused(rolloutId));
        } else if (expired.getReason() == ExpiryReason.EVIDENCE) {
            facts.add(new Fact.RolloutEvidence(rolloutId));
        } else {
            facts.add(new Fact.RolloutExpired(rolloutId));
        }
    }

    VersionAudit versions(ModelKind kind) {
        return requireNonNull(versions.get(kind));
    }

    /** The versions that samples name; those of another namespace if this one is a replay. */
    VersionAudit named(ModelKind kind) {
        return requireNonNull(named.get(kind));
    }

    void step(EventRecord<TrainingStep> record) {
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
     * Checks requests and the ends of the ledger, after all topics are read.
     *
     * @param consumed offsets that the group of each model had committed before the ledger was read
     * @param before end of the versions topic of each model at that time
     * @param complete names of the topics that still have all of their records
     * @param lookup finds samples by position
     */
    void end(
            Map<ModelKind, Map<TopicPartition, Long>> consumed,
            ToLongFunction<ModelKind> before,
            Set<String> complete,
            SampleLookup lookup) {
        Map<ModelKind, ConsumedOffsets> passed = new EnumMap<>(ModelKind.class);
        ledgers.forEach((kind, ledger) -> {
            ledger.end(consumed.getOrDefault(kind, Map.of()));
            passed.put(kind, ledger.consumed());
        });
        // The critic of a replay writes a step's record later than its version.
        versions.forEach((kind, own) -> own.requireSteps(lineage.isDriven(kind) ? 0 : before.applyAsLong(kind)));
        named.forEach((kind, those) -> {
            if (lineage.named().containsKey(kind)) {
                samples.compare(those);
            }
        });
        new RequestAudit(
                        topics,
                        lineage,
                        new RequestAudit.Checks(requests, sampled, joins, trained, offsets),
                        passed,
                        complete,
                        groups)
                .check(facts, lookup);
    }

    /** The results, in the order of the data flow. */
    List<AuditReport.Result> results() {
        steps.summarize("%s", each(ledgers, (kind, ledger) -> ledger.summary()));
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
        published.summarize("%s", each(versions, (kind, own) -> kind.id() + " " + own.count()));
        return Stream.of(requests, joins, sampled, steps, trained, offsets, published)
                .map(Check::result)
                .toList();
    }

    /** Deletes temporary files. */
    @Override
    public void close() {
        facts.close();
    }

    private static <T> String each(Map<ModelKind, T> byKind, BiFunction<ModelKind, T, String> words) {
        return byKind.entrySet().stream()
                .map(entry -> words.apply(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }
}
