package io.sppostream.feed;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.LearnerState;
import io.sppostream.events.LearnerStatus;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.catalogue.ModelKind;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/**
 * What the log says has become of a feed's prompts. A request that has expired counts once, however often it is said: one
 * that has been forgotten by the join, and to which something comes late, may expire again. For one thread.
 */
final class Outcomes {
    private final Map<ModelKind, TrainingStep> lastSteps = new EnumMap<>(ModelKind.class);
    private final Set<Long> stale = new HashSet<>();
    private final Set<Long> lost = new HashSet<>();
    private boolean paused;

    void take(SpecificRecord event) {
        if (event instanceof TrainingStep step) {
            lastSteps.put(ModelKind.of(step.getLine()), step);
        } else if (event instanceof Expired expired) {
            Set<Long> with = expired.getReason() == ExpiryReason.STALE ? stale : lost;
            RequestIds.index(expired.getRequestId()).ifPresent(with::add);
        } else if (event instanceof LearnerState state) {
            paused = state.getStatus() == LearnerStatus.PAUSED;
        }
    }

    Pacing.Counts counts() {
        return new Pacing.Counts(trained(ModelKind.POLICY), trained(ModelKind.CRITIC), stale.size(), lost.size());
    }

    private long trained(ModelKind kind) {
        TrainingStep last = lastSteps.get(kind);
        return last == null ? 0 : last.getSamplesTrained();
    }

    /** The newest policy version there is. */
    int policyVersion() {
        TrainingStep last = lastSteps.get(ModelKind.POLICY);
        return last == null ? 0 : last.getToVersion();
    }

    /** Whether the learner pauses. */
    boolean paused() {
        return paused;
    }
}
