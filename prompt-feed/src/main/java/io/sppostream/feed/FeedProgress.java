package io.sppostream.feed;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RoleName;
import java.util.EnumMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * The progress of a run as the feed sees it on the log: samples trained and expired, the newest policy version, and
 * whether the learner pauses. A request counts as expired once, even if several records say so: when an event arrives
 * after the join has forgotten its request, the request expires again. Not thread-safe.
 */
final class FeedProgress {
    private final Map<ModelKind, TrainingStep> lastSteps = new EnumMap<>(ModelKind.class);
    private final IndexSet stale = new IndexSet();
    private final IndexSet lost = new IndexSet();
    private boolean paused;

    /** Takes an event into account; events that do not concern the feed are ignored. */
    void take(SpecificRecord event) {
        if (event instanceof TrainingStep step) {
            lastSteps.put(ModelKind.of(step.getLine()), step);
        } else if (event instanceof Expired expired) {
            // The policy learner expires training samples, which the critic trains on all the same.
            boolean isSample = expired.getReason() == ExpiryReason.STALE
                    || expired.getDecidedBy().equals(RoleName.POLICY_LEARNER);
            IndexSet expiredAs = isSample ? stale : lost;
            RequestIds.index(expired.getRequestId()).ifPresent(expiredAs::add);
        } else if (event instanceof LearnerState state) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
        }
    }

    /** Samples that have settled so far. */
    Pacing.Counts counts() {
        return new Pacing.Counts(trained(ModelKind.POLICY), trained(ModelKind.CRITIC), stale.size(), lost.size());
    }

    private long trained(ModelKind kind) {
        TrainingStep last = lastSteps.get(kind);
        return last == null ? 0 : last.getSamplesTrained();
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
