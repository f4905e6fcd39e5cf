package io.sppostream.sppo.audit;

import io.sppostream.log.WeightLine;

/** What became of one rollout that was asked for. Each field is written by the one reader of a topic. */
final class Fate {
    final String rolloutId;
    boolean requested;
    boolean answered;
    boolean expired;
    int samples;
    int policyStep;
    int criticStep;

    Fate(String rolloutId) {
        this.rolloutId = rolloutId;
    }

    /** The step in which a line trained on it; 0 where none has. */
    int step(WeightLine line) {
        return line == WeightLine.POLICY ? policyStep : criticStep;
    }

    void trained(WeightLine line, int step) {
        if (line == WeightLine.POLICY) {
            policyStep = step;
        } else {
            criticStep = step;
        }
    }

    String requestId() {
        return rolloutId.substring(0, Math.max(0, rolloutId.lastIndexOf('/')));
    }
}
