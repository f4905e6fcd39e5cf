package io.sppostream.run.timeline;

import io.sppostream.events.catalogue.RoleName;

/** The stages of a step, in the order in which a sample passes through them. */
enum Stage {
    /** A step of the policy before this one. */
    EARLIER_STEP(RoleName.POLICY_LEARNER, Begin.UNKNOWN, "training the steps before", ""),
    CRITIC_STEP(RoleName.CRITIC, Begin.UNKNOWN, "training the critic", ""),
    RELEASED(RoleName.FEED, Begin.FIRST_RECORD, "releasing the prompts", "until the first prompt was released"),
    SCORED(RoleName.CRITIC, Begin.UNKNOWN, "scoring", ""),

    /** The responses of the step before this one, if this one's were sampled after them. */
    EARLIER_SAMPLES(RoleName.ROLLOUT_PRODUCER, Begin.UNKNOWN, "sampling the responses of the step before", ""),
    SAMPLED(RoleName.ROLLOUT_PRODUCER, Begin.UNKNOWN, "sampling the responses", ""),
    JUDGED(
            RoleName.REWARD_VERIFIER,
            Begin.FIRST_RECORD,
            "judging the responses",
            "until the first response was judged"),
    CREDITED(
            RoleName.ADVANTAGE_STREAM,
            Begin.FIRST_RECORD,
            "computing the advantages",
            "until the first advantage was computed"),
    STARTED(RoleName.ADVANTAGE_STREAM, Begin.FIRST_RECORD, "", "until the learner had the samples"),
    UPDATED(RoleName.POLICY_LEARNER, Begin.UNKNOWN, "updating the policy", ""),
    PUBLISHED(RoleName.POLICY_LEARNER, Begin.UNKNOWN, "publishing the weights", ""),
    COMMITTED(RoleName.POLICY_LEARNER, Begin.UNKNOWN, "committing the step", "");

    /** What tells when the work of a stage began. */
    enum Begin {
        /** Its first record: the work of each record is short. What passed before it is waiting. */
        FIRST_RECORD,

        /** Nothing: its records say when work ended that takes long. All that passed since the cause counts as work. */
        UNKNOWN
    }

    /** The role that a policy learner waits for while it waits for this stage. */
    final String role;

    final Begin begin;

    /** The stage's work, in words. */
    final String work;

    /** What was waited for before its work began, in words. */
    final String gap;

    Stage(String role, Begin begin, String work, String gap) {
        this.role = role;
        this.begin = begin;
        this.work = work;
        this.gap = gap;
    }
}
