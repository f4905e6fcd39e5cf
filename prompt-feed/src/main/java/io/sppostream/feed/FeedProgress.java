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
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * The progress of a run as the feed sees it on the log: groups trained and expired, the newest policy version, and
 * whether the learner pauses. A group has expired when all of its rollouts have. A rollout counts as expired once, even
 * if several records say so: when an event arrives after the join has forgotten its request, the request expires again.
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
        if (samples > 1) {
            if (isSample) {
                sampled.add(group);
            }
            if (rolloutId != null) {
                RolloutIds.sampleIndex(rolloutId)
                        .filter(sample -> sample < samples)
                        .ifPresent(sample -> rollouts.add(group * samples + sample));
                if (!rollouts.containsAll(group * samples, (group + 1) * samples)) {
                    return;
                }
            }
            isSample = sampled.contains(group);
        }
        (isSample ? stale : lost).add(group);
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

    /** The newest policy version. */
    int policyVersion() {
        TrainingStep last = lastSteps.get(ModelKind.POLICY);
        return last == null ? 0 : last.getToVersion();
    }

    /** Whether the learner pauses. */
    boolean paused() {
        return paused;
    }
}
