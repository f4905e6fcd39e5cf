package io.sppostream.feed;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.LedgerRules;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.RolloutIds;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/**
 * The progress of a run as the feed sees it on the log: groups trained and expired, the newest policy version, and
 * whether the learner pauses. A group that gave training samples has expired when all of these have; another one when all
 * of its first samples have. A rollout counts as expired once, even if several records say so: when an event arrives after
 * the join has forgotten its request, the request expires again.
 * Not thread-safe.
 */
final class FeedProgress {
    private final int samples;
    private final boolean hasCritic;
    private final Map<ModelKind, TrainingStep> lastSteps = new EnumMap<>(ModelKind.class);

    /** Rollouts that have expired, in groups that still have others. */
    private final IndexSet rollouts = new IndexSet();

    /** Groups of which at least one rollout expired as a training sample. */
    private final IndexSet sampled = new IndexSet();

    /** Training samples that have expired, of groups that have others. */
    private final Map<Long, Set<String>> samplesExpired = new HashMap<>();

    private final IndexSet stale = new IndexSet();
    private final IndexSet lost = new IndexSet();
    private boolean paused;

    /**
     * @param samples rollouts per group
     * @param hasCritic whether a critic trains on the samples too
     */
    FeedProgress(int samples, boolean hasCritic) {
        this.samples = samples;
        this.hasCritic = hasCritic;
    }

    /** Takes an event into account; events that do not concern the feed are ignored. */
    void take(SpecificRecord event) {
        if (event instanceof TrainingStep step) {
            lastSteps.put(ModelKind.of(step.getLine()), step);
        } else if (event instanceof Expired expired) {
            RequestIds.index(expired.getRequestId()).ifPresent(group -> take(expired, group));
        } else if (event instanceof LearnerState state) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
        }
    }

    private void take(Expired expired, long group) {
        // The policy learner expires training samples, which the critic trains on all the same.
        boolean isSample = expired.getReason() == ExpiryReason.STALE
                || expired.getDecidedBy().equals(RoleName.POLICY_LEARNER);
        String rolloutId = expired.getRolloutId();
        int groupSamples = expired.getGroupSamples();
        if (rolloutId == null) {
            settle(group, isSample || sampled.contains(group));
        } else if (isSample && groupSamples > 0) {
            if (isLastSample(rolloutId, group, groupSamples)) {
                settle(group, true);
            }
        } else if (groupSamples == 0 && RolloutIds.followUpId(rolloutId) == null) { // Others settle with their samples.
            takeFirstSample(rolloutId, group, isSample);
        }
    }

    /** Whether all training samples of a group have expired, now that this one has. */
    private boolean isLastSample(String rolloutId, long group, int groupSamples) {
        if (groupSamples == 1) {
            return true;
        }
        Set<String> gone = samplesExpired.computeIfAbsent(group, any -> new HashSet<>());
        gone.add(rolloutId);
        if (gone.size() < groupSamples) {
            return false;
        }
        samplesExpired.remove(group);
        return true;
    }

    /** A first sample has expired, and its group was not credited yet, or a former version has not recorded that. */
    private void takeFirstSample(String rolloutId, long group, boolean isSample) {
        if (isSample) {
            sampled.add(group);
        }
        if (samples > 1) {
            RolloutIds.sampleIndex(rolloutId)
                    .filter(sample -> sample < samples)
                    .ifPresent(sample -> rollouts.add(group * samples + sample));
            if (!rollouts.containsAll(group * samples, (group + 1) * samples)) {
                return;
            }
        }
        settle(group, sampled.contains(group));
    }

    private void settle(long group, boolean isStale) {
        if (!stale.contains(group) && !lost.contains(group)) {
            (isStale ? stale : lost).add(group);
        }
    }

    /** Groups that have settled so far. */
    Pacing.Counts counts() {
        long policy = trained(ModelKind.POLICY);
        long critic = hasCritic ? trained(ModelKind.CRITIC) : policy + stale.size();
        return new Pacing.Counts(policy, critic, stale.size(), lost.size());
    }

    private long trained(ModelKind kind) {
        TrainingStep last = lastSteps.get(kind);
        return last == null ? 0 : LedgerRules.groupsTrained(last);
    }

    /** The newest version of a model. */
    int version(ModelKind kind) {
        TrainingStep last = lastSteps.get(kind);
        return last == null ? 0 : last.getToVersion();
    }

    /** Whether the learner pauses. */
    boolean paused() {
        return paused;
    }
}
