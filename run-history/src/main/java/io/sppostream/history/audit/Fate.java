package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;

/** What became of one rollout that was asked for. Each field is written by the one reader of a topic. */
final class Fate {
    private static final long[] NONE = {};

    final String rolloutId;
    boolean requested;
    boolean answered;
    boolean expired;
    int samples;
    int policyStep;
    int criticStep;

    /** Digests of the records that its topics have of it; those of values are of the request, with its first rollout. */
    long[] rollouts = NONE;

    long[] verdicts = NONE;
    long[] values = NONE;

    Fate(String rolloutId) {
        this.rolloutId = rolloutId;
    }

    /** The step in which a line trained on it; 0 where none has. */
    int step(ModelKind kind) {
        return kind == ModelKind.POLICY ? policyStep : criticStep;
    }

    void trained(ModelKind kind, int step) {
        if (kind == ModelKind.POLICY) {
            policyStep = step;
        } else {
            criticStep = step;
        }
    }

    /** Whether more than a verdict or a value names it: these may be anybody's, and ask for nothing. */
    boolean isRollout() {
        return requested || answered || expired || samples > 0 || policyStep > 0 || criticStep > 0;
    }

    String requestId() {
        return RolloutIds.requestId(rolloutId);
    }
}
