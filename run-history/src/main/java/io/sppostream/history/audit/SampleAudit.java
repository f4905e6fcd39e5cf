package io.sppostream.history.audit;

import io.sppostream.advantage.AdvantageEstimator;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks the training samples on {@code advantages}: each rollout has at most one, its advantages follow from its reward
 * and its value, and its weights were published with the hashes it names. Keeps of each sample only the fields that the
 * ledger is compared with.
 */
final class SampleAudit {

    /**
     * A version that samples name.
     *
     * @param sha256 by the first sample that names it
     * @param otherwise the finding if it was not published with this hash
     */
    private record NamedVersion(String sha256, Finding otherwise) {}

    private final RequestAudit requests;
    private final Map<Integer, List<AuditedSample>> byPartition = new HashMap<>();
    private final Map<ModelKind, Map<Integer, NamedVersion>> named = new EnumMap<>(ModelKind.class);
    private final Check check =
            new Check("samples", "at most one per rollout, reward and advantages recomputed, weights as published");
    private long count;

    SampleAudit(RequestAudit requests) {
        this.requests = requests;
    }

    void take(EventRecord<TrainingSample> record) {
        TrainingSample sample = record.event();
        RolloutStatus status = requests.status(sample.getRollout().getRolloutId());
        count++;
        check.require(
                ++status.samples == 1,
                () -> finding(record, "rollout " + status.rolloutId + " has a training sample already"));
        check.require(isRewarded(sample), () -> finding(record, "its reward is not that of its rollout's verdicts"));
        Value value = sample.getValue();
        if (value != null) {
            checkAdvantages(record, value);
            name(ModelKind.CRITIC, value.getCriticVersion(), value.getCriticSha256(), record);
        }
        for (PolicySegment segment : sample.getRollout().getPolicySegments()) {
            name(ModelKind.POLICY, segment.getPolicyVersion(), segment.getWeightsSha256(), record);
        }
        byPartition
                .computeIfAbsent(record.partition(), partition -> new ArrayList<>())
                .add(new AuditedSample(
                        record.offset(),
                        status,
                        sample.getRollout().getPolicySegments().get(0).getPolicyVersion(),
                        value == null ? -1 : value.getCriticVersion()));
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

    private void checkAdvantages(EventRecord<TrainingSample> record, Value value) {
        TrainingSample sample = record.event();
        AdvantageEstimator estimator = AdvantageEstimator.named(sample.getEstimator());
        int tokens = sample.getRollout().getResponseTokens().size();
        check.require(
                value.getRequestId().equals(sample.getRollout().getRequestId())
                        && estimator
                                .estimate(sample.getReward(), value.getProbability(), tokens)
                                .equals(sample.getSegments()),
                () -> finding(record, "its advantages are not those of its reward and value"));
    }

    private void name(ModelKind kind, int version, String sha256, EventRecord<TrainingSample> record) {
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

    private static Finding finding(EventRecord<?> record, String what) {
        return Finding.at(Finding.NO_STEP, record, what);
    }

    /** The samples of a partition, in order. */
    List<AuditedSample> of(int partition) {
        return byPartition.getOrDefault(partition, List.of());
    }

    /** The sample at an offset; null if there is none. */
    @Nullable
    AuditedSample at(int partition, long offset) {
        List<AuditedSample> entries = of(partition);
        int low = 0;
        int high = entries.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long there = entries.get(middle).offset();
            if (there == offset) {
                return entries.get(middle);
            }
            if (there < offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }

    /** Compares the hashes that samples name with those that were published. */
    void compare(VersionAudit versions) {
        named.getOrDefault(versions.kind(), Map.of()).forEach((version, name) -> {
            String published = versions.sha256(version);
            check.require(published != null && published.equals(name.sha256), () -> name.otherwise);
        });
    }

    Check conclude() {
        check.summarize("%,d on advantages", count);
        return check;
    }
}
