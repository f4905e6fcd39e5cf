package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.RolloutIds;

/** The records that an audit has seen of one rollout. Each field is written by the one thread that reads its topic. */
final class RolloutStatus {
    private static final long[] NONE = {};

    final String rolloutId;
    boolean requested;
    boolean answered;
    boolean expired;

    /** Whether the advantage stream refused a rollout record with its id as invalid. */
    boolean refused;

    int samples;
    int policyStep;
    int criticStep;

    /** Digests of its records, by topic. Values belong to a request and are kept with its first rollout. */
    long[] rollouts = NONE;

    long[] verdicts = NONE;
    long[] values = NONE;

    RolloutStatus(String rolloutId) {
        this.rolloutId = rolloutId;
    }

    /** The step in which the policy or the critic trained on it; 0 if it has not. */
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

    /** Whether any record but a verdict or a value names it. Other programs may write those for unknown rollouts. */
    boolean isRollout() {
        return requested || answered || expired || refused || samples > 0 || policyStep > 0 || criticStep > 0;
    }

    String requestId() {
        return RolloutIds.requestId(rolloutId);
    }
}
