package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.audit.ConsumedOffsets.Consumption;
import io.sppostream.history.recorded.Lineage;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks requests by all facts of them, bucket by bucket.
 *
 * <ul>
 *   <li>Every rollout that a request asks for is exactly one of trained, expired and pending.
 *   <li>Each has at most one sample, which holds the records that are on their topics, bit for bit.
 *   <li>The ledger trains each sample once, where it lies, and leaves none out.
 *   <li>The credits of each group are those that the estimator computes for it.
 * </ul>
 */
final class RequestAudit {

    /** Finds the rollout whose sample lies at a position. */
    interface SampleLookup {
        /** The id of the rollout; null if there is no sample. */
        @Nullable
        String rolloutAt(int partition, long offset);
    }

    /**
     * The checks that it adds to.
     *
     * @param samples at most one a rollout
     * @param trained the entries of the ledger
     * @param offsets what the models have consumed
     */
    record Checks(Check requests, Check samples, Check joins, Check trained, Check offsets) {}

    private final Topics topics;
    private final Lineage lineage;
    private final Checks checks;
    private final Map<ModelKind, ConsumedOffsets> consumed;

    /** Models that the run trains. If none, in a replay that ends with the advantages, a rollout is done with these. */
    private final Set<ModelKind> kinds;

    /** Names of the joined topics that still have all of their records; others may have lost those of a sample. */
    private final Set<String> complete;

    private final @Nullable GroupAudit groups;
    private long samples;
    private long trained;
    private long expired;
    private long unanswered;
    private long incomplete;
    private long evidence;
    private long untrained;
    private long unasked;
    private long misplaced;
    private Fact.@Nullable Trained firstMisplaced;

    RequestAudit(
            Topics topics,
            Lineage lineage,
            Checks checks,
            Map<ModelKind, ConsumedOffsets> consumed,
            Set<String> complete,
            @Nullable GroupAudit groups) {
        this.topics = topics;
        this.lineage = lineage;
        this.checks = checks;
        this.consumed = new EnumMap<>(consumed);
        this.complete = complete;
        this.groups = groups;
        this.kinds = Stream.of(ModelKind.values()).filter(lineage::trains).collect(Collectors.toSet());
    }

    /** Checks all requests. */
    void check(FactStore facts, SampleLookup lookup) {
        for (int bucket = 0; bucket < FactStore.BUCKETS; bucket++) {
            Map<String, RequestFacts> requests = new LinkedHashMap<>();
            facts.read(
                    bucket,
                    fact -> requests.computeIfAbsent(fact.requestId(), RequestFacts::new)
                            .take(fact));
            requests.values().forEach(this::check);
        }
        addMisplaced(lookup);
        consumed.forEach((kind, offsets) -> offsets.skipped()
                .forEach(entry -> checks.offsets().add(skipping(kind, entry.getKey(), entry.getValue()))));
        summarize();
    }

    private void check(RequestFacts request) {
        long named = 0;
        for (RolloutStatus rollout : request.rollouts()) {
            boolean asked = request.asksFor(rollout);
            named += asked ? 1 : 0;
            if (asked || rollout.isRollout()) {
                conserve(request, rollout, asked);
            }
            checkSamples(request, rollout);
            checkLedger(rollout);
        }
        checkGroup(request);
        if (request.hasExpired()) {
            expired += request.asked() - named;
        } else {
            unanswered += request.asked() - named;
        }
    }

    private void conserve(RequestFacts request, RolloutStatus rollout, boolean asked) {
        int policy = rollout.step(ModelKind.POLICY);
        int step = policy > 0 ? policy : Finding.NO_STEP;
        boolean gone = request.hasExpired(rollout);
        // Other programs may write what they like. It is harmless unless a model trains on it.
        if (!asked && rollout.trained.isEmpty() && (gone || rollout.samples.isEmpty())) {
            unasked++;
            return;
        }
        if (!asked) {
            checks.requests()
                    .add(new Finding(step, topics.prompts().name(), "no prompt asks for rollout " + rollout.rolloutId));
            return;
        }
        checks.requests()
                .require(
                        !gone || policy == 0,
                        () -> new Finding(
                                step,
                                topics.prompts().name(),
                                "rollout " + rollout.rolloutId + " is trained and expired"));
        boolean sampled = !rollout.samples.isEmpty();
        if (gone && rollout.evidence) {
            evidence++;
        } else if (gone) {
            expired++;
        } else if (kinds.isEmpty() ? sampled : kinds.stream().allMatch(kind -> rollout.step(kind) > 0)) {
            trained++;
        } else if (sampled) {
            untrained++;
        } else if (!rollout.rollouts.isEmpty()) {
            incomplete++;
        } else {
            unanswered++;
        }
    }

    private void checkSamples(RequestFacts request, RolloutStatus rollout) {
        for (int i = 0; i < rollout.samples.size(); i++) {
            Fact.Sampled sample = rollout.samples.get(i);
            samples += sample.redelivered() ? 0 : 1;
            checks.samples()
                    .require(
                            i == 0 || sample.redelivered(),
                            () -> new Finding(
                                    Finding.NO_STEP,
                                    place(sample),
                                    "rollout " + rollout.rolloutId + " has a training sample already"));
            compare(sample, topics.rollouts(), rollout.rollouts, sample.rollout());
            for (long verdict : sample.verdicts()) {
                compare(sample, topics.verdicts(), rollout.verdicts, verdict);
            }
            for (long value : sample.values()) {
                compare(sample, topics.values(), request.values, value);
            }
            consumed.forEach((kind, offsets) -> {
                Consumption by = offsets.of(sample.partition(), sample.offset());
                int step = rollout.step(kind);
                // A model that has refused a sample trains on the second copy, when that comes.
                boolean comesAgain = step > 0 && rollout.samples.stream().anyMatch(Fact.Sampled::redelivered);
                if (by != null && !request.hasExpired(rollout) && !comesAgain && (step == 0 || step > by.step())) {
                    offsets.skip(by, sample);
                }
            });
        }
    }

    private void checkGroup(RequestFacts request) {
        if (groups == null) {
            return;
        }
        for (GroupAudit.Violation violation : groups.check(request.requestId(), List.copyOf(request.rollouts()))) {
            RolloutStatus rollout = violation.rollout();
            checks.samples()
                    .add(new Finding(
                            Finding.NO_STEP,
                            rollout.samples.isEmpty() ? topics.advantages().name() : place(rollout.samples.get(0)),
                            "rollout " + rollout.rolloutId + ": " + violation.what()));
        }
    }

    /** Compares a record that a sample holds with those on its topic. */
    private void compare(Fact.Sampled sample, Topic<?> topic, List<Long> found, long held) {
        boolean deleted = found.isEmpty() && !complete.contains(topic.name());
        checks.joins()
                .require(
                        deleted || found.contains(held),
                        () -> new Finding(
                                Finding.NO_STEP,
                                place(sample),
                                "the sample of rollout " + sample.rolloutId() + " holds a record that is not on "
                                        + topic.name() + ", which has " + (found.isEmpty() ? "none" : found.size())
                                        + " for it"));
    }

    private void checkLedger(RolloutStatus rollout) {
        Map<ModelKind, Integer> before = new EnumMap<>(ModelKind.class);
        for (Fact.Trained entry : rollout.trained) {
            Integer earlier = before.put(entry.kind(), entry.step());
            if (earlier != null) {
                checks.trained()
                        .add(at(
                                entry,
                                "rollout " + rollout.rolloutId + " is trained a second time by the "
                                        + entry.kind().id() + ", after step " + earlier));
            }
            Fact.Sampled there = rollout.samples.stream()
                    .filter(sample -> sample.partition() == entry.partition() && sample.offset() == entry.offset())
                    .findFirst()
                    .orElse(null);
            if (there == null) {
                misplace(entry);
            } else {
                checkLag(entry, there);
            }
        }
    }

    private void checkLag(Fact.Trained entry, Fact.Sampled sample) {
        int version = entry.kind() == ModelKind.POLICY ? sample.policyVersion() : sample.criticVersion();
        int lag = entry.fromVersion() - version;
        // A replay's samples name versions of another run, which may be ahead.
        if (entry.policyLag() != lag || (lag < 0 && lineage.isOwn(entry.kind()))) {
            checks.trained()
                    .add(at(
                            entry,
                            "rollout " + entry.rolloutId() + " of "
                                    + entry.kind().id() + " version " + version + " has lag " + entry.policyLag()
                                    + " at version " + entry.fromVersion()));
        }
    }

    private void misplace(Fact.Trained entry) {
        misplaced++;
        if (firstMisplaced == null || entry.step() < firstMisplaced.step()) {
            firstMisplaced = entry;
        }
    }

    private void addMisplaced(SampleLookup lookup) {
        Fact.Trained first = firstMisplaced;
        if (first != null) {
            String there = lookup.rolloutAt(first.partition(), first.offset());
            checks.trained()
                    .add(
                            at(
                                    first,
                                    "rollout " + first.rolloutId() + " is said to be at "
                                            + place(first.partition(), first.offset()) + ", where "
                                            + (there == null ? "there is no sample" : "rollout " + there + " is")),
                            misplaced);
        }
    }

    private Finding skipping(ModelKind kind, Consumption by, Fact.Sampled skipped) {
        return new Finding(
                by.step(),
                by.place(),
                "the " + kind.id() + " has consumed " + place(by.partition(), by.offset())
                        + " without training rollout " + skipped.rolloutId() + " at " + place(skipped));
    }

    private Finding at(Fact.Trained entry, String what) {
        return new Finding(entry.step(), Finding.place(topics.trainingSteps().name(), 0, entry.ledgerOffset()), what);
    }

    private String place(Fact.Sampled sample) {
        return place(sample.partition(), sample.offset());
    }

    private String place(int partition, long offset) {
        return Finding.place(topics.advantages().name(), partition, offset);
    }

    private void summarize() {
        long pending = unanswered + incomplete + untrained;
        checks.requests()
                .summarize(
                        "%,d rollouts asked for: %,d %s,%s %,d expired, %,d pending%s%s",
                        trained + evidence + expired + pending,
                        trained,
                        kinds.isEmpty() ? "with their advantages" : "trained",
                        evidence == 0 ? "" : String.format(Locale.ROOT, " %,d evidence,", evidence),
                        expired,
                        pending,
                        pending == 0
                                ? ""
                                : String.format(
                                        Locale.ROOT,
                                        " (%,d unanswered, %,d without an advantage, %,d to be trained)",
                                        unanswered,
                                        incomplete,
                                        untrained),
                        unasked == 0
                                ? ""
                                : String.format(Locale.ROOT, "; %,d untrained that no prompt asks for", unasked));
        checks.samples()
                .summarize(
                        "%,d on advantages%s",
                        samples,
                        groups == null ? "" : String.format(Locale.ROOT, " of %,d groups", groups.recomputed()));
        checks.joins().summarize("%,d samples", samples);
    }
}
