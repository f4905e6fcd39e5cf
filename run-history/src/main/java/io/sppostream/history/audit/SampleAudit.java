package io.sppostream.history.audit;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks the training samples on {@code advantages}: the advantages of SPPO follow from their reward and their value, and
 * their weights were published with the hashes they name. Passes on what their groups, their requests and the ledger are
 * compared with.
 */
final class SampleAudit {
    /** The estimator whose advantages follow from a sample alone, {@code A = R - V}; see {@link GroupAudit} for others. */
    static final String SPPO = "sppo";

    /** What the checks do not look at. Its digest covers it. */
    private static final Set<String> UNUSED =
            Set.of("Rollout.messages", "Rollout.promptTokens", "Rollout.text", "Rollout.behaviourLogProbs");

    /**
     * A version that samples name.
     *
     * @param sha256 by the first sample that names it
     * @param otherwise the finding if it was not published with this hash
     */
    private record NamedVersion(String sha256, Finding otherwise) {}

    private final FactStore facts;
    private final Check check;
    private final @Nullable GroupAudit groups;
    private final EventCodec<TrainingSample> codec = new EventCodec<>(TrainingSample.class, UNUSED);
    private final EventEncoding<Rollout> rollouts = new EventEncoding<>(Rollout.class);
    private final EventEncoding<Verdict> verdicts = new EventEncoding<>(Verdict.class);
    private final EventEncoding<Value> values = new EventEncoding<>(Value.class);
    private final Map<ModelKind, Map<Integer, NamedVersion>> named = new EnumMap<>(ModelKind.class);
    private long count;

    /** @param groups computes the advantages of groups again; null if they follow from single samples */
    SampleAudit(FactStore facts, Check check, @Nullable GroupAudit groups) {
        this.facts = facts;
        this.check = check;
        this.groups = groups;
    }

    void take(EncodedEvent record) {
        TrainingSample sample = decode(record);
        count++;
        check.require(isRewarded(sample), () -> finding(record, "its reward is not that of its rollout's verdicts"));
        Value value = sample.getValue();
        if (value != null) {
            checkAdvantages(record, sample, value);
            name(ModelKind.CRITIC, value.getCriticVersion(), value.getCriticSha256(), record);
        }
        for (PolicySegment segment : sample.getRollout().getPolicySegments()) {
            name(ModelKind.POLICY, segment.getPolicyVersion(), segment.getWeightsSha256(), record);
        }
        if (groups != null) {
            facts.add(groups.sample(sample));
        }
        EncodedRecord encoded = record.event();
        facts.add(new Fact.Sampled(
                sample.getRollout().getRolloutId(),
                record.partition(),
                record.offset(),
                sample.getRollout().getPolicySegments().get(0).getPolicyVersion(),
                value == null ? -1 : value.getCriticVersion(),
                rollouts.digest(encoded.record("rollout")),
                Stream.concat(Stream.of(encoded.record("verdict")), encoded.records("furtherVerdicts").stream())
                        .mapToLong(verdicts::digest)
                        .toArray(),
                Stream.ofNullable(encoded.optional("value"))
                        .mapToLong(values::digest)
                        .toArray(),
                record.redelivered()));
    }

    private TrainingSample decode(EncodedEvent record) {
        try {
            return codec.read(record.event().bytes(), record.event().from());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the reward follows from the verdicts by the combination it names. Of a weighted mean only the range is known. */
    private static boolean isRewarded(TrainingSample sample) {
        List<Verdict> verdicts = new ArrayList<>(sample.getFurtherVerdicts());
        verdicts.add(0, sample.getVerdict());
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (Verdict verdict : verdicts) {
            Double reward = verdict.getReward();
            if (reward == null
                    || !verdict.getRolloutId().equals(sample.getRollout().getRolloutId())) {
                return false;
            }
            least = Math.min(least, reward);
            greatest = Math.max(greatest, reward);
        }
        return switch (sample.getCombination()) {
            case "all" -> sample.getReward() == least;
            case "any" -> sample.getReward() == greatest;
            default -> least <= sample.getReward() && sample.getReward() <= greatest;
        };
    }

    private void checkAdvantages(EncodedEvent record, TrainingSample sample, Value value) {
        if (!sample.getEstimator().equals(SPPO)) {
            return;
        }
        List<AdvantageSegment> segments = sample.getSegments();
        check.require(
                value.getRequestId().equals(sample.getRollout().getRequestId())
                        && segments.size() == 1
                        && segments.get(0)
                                .equals(new AdvantageSegment(
                                        sample.getRollout().getResponseTokens().size(),
                                        sample.getReward() - value.getProbability(),
                                        true)),
                () -> finding(record, "its advantages are not those of its reward and value"));
    }

    private void name(ModelKind kind, int version, String sha256, EncodedEvent record) {
        Map<Integer, NamedVersion> versions = named.computeIfAbsent(kind, key -> new HashMap<>());
        NamedVersion first = versions.get(version);
        if (first == null) {
            versions.put(
                    version,
                    new NamedVersion(
                            sha256,
                            finding(
                                    record,
                                    kind.id() + " version " + version + " was not published as "
                                            + VersionAudit.brief(sha256))));
        } else {
            check.require(
                    first.sha256.equals(sha256),
                    () -> finding(
                            record,
                            kind.id() + " version " + version + " is " + VersionAudit.brief(sha256) + " here and "
                                    + VersionAudit.brief(first.sha256) + " elsewhere"));
        }
    }

    private static Finding finding(EncodedEvent record, String what) {
        return new Finding(Finding.NO_STEP, Finding.place(record.topic(), record.partition(), record.offset()), what);
    }

    /** Compares the hashes that samples name with those that were published. */
    void compare(VersionAudit versions) {
        named.getOrDefault(versions.kind(), Map.of()).forEach((version, name) -> {
            String published = versions.sha256(version);
            check.require(published != null && published.equals(name.sha256), () -> name.otherwise);
        });
    }

    /** How many samples there are. */
    long count() {
        return count;
    }
}
