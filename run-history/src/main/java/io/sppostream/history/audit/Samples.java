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
 * What lies on {@code advantages}: one sample a rollout at most, whose advantages follow from its reward and its value,
 * and whose weights were published under the hashes it names. Of each sample only what the ledger is checked against is
 * kept.
 */
final class Samples {

    /**
     * A sample on a partition.
     *
     * @param policyVersion the oldest that sampled any of its tokens
     * @param criticVersion the one that scored its prompt; -1 where none did
     */
    record Entry(long offset, Fate fate, int policyVersion, int criticVersion) {}

    /** The hash by which the first sample that names a version knows it. */
    private record Named(String sha256, Difference otherwise) {}

    private final Requests requests;
    private final Map<Integer, List<Entry>> byPartition = new HashMap<>();
    private final Map<ModelKind, Map<Integer, Named>> named = new EnumMap<>(ModelKind.class);
    private final Check check =
            new Check("samples", "one a rollout, by the verdict and the weights they name, advantages recomputed");
    private long count;

    Samples(Requests requests) {
        this.requests = requests;
    }

    void take(EventRecord<TrainingSample> received) {
        TrainingSample sample = received.event();
        Fate fate = requests.fate(sample.getRollout().getRolloutId());
        count++;
        check.require(
                ++fate.samples == 1,
                () -> differing(received, "rollout " + fate.rolloutId + " has a training sample already"));
        check.require(
                isRewarded(sample), () -> differing(received, "its reward is not that of its rollout's verdicts"));
        Value value = sample.getValue();
        if (value != null) {
            checkAdvantages(received, value);
            name(ModelKind.CRITIC, value.getCriticVersion(), value.getCriticSha256(), received);
        }
        for (PolicySegment segment : sample.getRollout().getPolicySegments()) {
            name(ModelKind.POLICY, segment.getPolicyVersion(), segment.getWeightsSha256(), received);
        }
        byPartition
                .computeIfAbsent(received.partition(), partition -> new ArrayList<>())
                .add(new Entry(
                        received.offset(),
                        fate,
                        sample.getRollout().getPolicySegments().get(0).getPolicyVersion(),
                        value == null ? -1 : value.getCriticVersion()));
    }

    /** Whether the reward is what the combination it names makes of the verdicts; the weights of a mean are not known. */
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

    private void checkAdvantages(EventRecord<TrainingSample> received, Value value) {
        TrainingSample sample = received.event();
        AdvantageEstimator estimator = AdvantageEstimator.named(sample.getEstimator());
        int tokens = sample.getRollout().getResponseTokens().size();
        check.require(
                value.getRequestId().equals(sample.getRollout().getRequestId())
                        && estimator
                                .estimate(sample.getReward(), value.getProbability(), tokens)
                                .equals(sample.getSegments()),
                () -> differing(received, "its advantages are not those of its reward and value"));
    }

    private void name(ModelKind kind, int version, String sha256, EventRecord<TrainingSample> received) {
        Map<Integer, Named> versions = named.computeIfAbsent(kind, key -> new HashMap<>());
        Named first = versions.get(version);
        if (first == null) {
            versions.put(
                    version,
                    new Named(
                            sha256,
                            differing(
                                    received,
                                    kind.id() + " version " + version + " was not published as "
                                            + Versions.brief(sha256))));
        } else {
            check.require(
                    first.sha256.equals(sha256),
                    () -> differing(
                            received,
                            kind.id() + " version " + version + " is " + Versions.brief(sha256) + " here and "
                                    + Versions.brief(first.sha256) + " elsewhere"));
        }
    }

    private static Difference differing(EventRecord<?> received, String what) {
        return Difference.at(Difference.NO_STEP, received, what);
    }

    /** The samples of a partition, in order. */
    List<Entry> of(int partition) {
        return byPartition.getOrDefault(partition, List.of());
    }

    /** The sample at a place; null where there is none. */
    @Nullable
    Entry at(int partition, long offset) {
        List<Entry> entries = of(partition);
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
    void compare(Versions versions) {
        named.getOrDefault(versions.kind(), Map.of()).forEach((version, name) -> {
            String published = versions.sha256(version);
            check.require(published != null && published.equals(name.sha256), () -> name.otherwise);
        });
    }

    Check conclude() {
        check.sumUp("%,d on advantages", count);
        return check;
    }
}
