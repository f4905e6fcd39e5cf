package io.sppostream.verify;

import io.sppostream.events.Rollout;

/**
 * Judges responses. A verifier is called from several threads at once. The same rollout gets the same judgement at
 * every call, whatever else the machine is doing; a change of its rules is a change of its version.
 */
public interface Verifier {
    /** What configurations choose it by, and what its verdicts are signed with. */
    String name();

    /** Version of its rules. */
    String version();

    /** The judgement of one rollout. What it throws counts as a failure of the verifier, never of the response. */
    Judgement judge(Rollout rollout);
}
