package io.sppostream.events.catalogue;

/**
 * Names of the roles of a run. They appear on the log (in {@code decidedBy} of expired records and in headers of dead
 * letters), in consumer group and transactional ids ({@link Topics#application}), and in thread names.
 */
public final class RoleName {
    public static final String FEED = "feed";
    public static final String ROLLOUT_PRODUCER = "rollout-producer";
    public static final String REWARD_VERIFIER = "reward-verifier";
    public static final String CRITIC = "critic";
    public static final String CRITIC_SCORER = "critic-scorer";
    public static final String ADVANTAGE_STREAM = "advantage-stream";
    public static final String POLICY_LEARNER = "policy-learner";
    public static final String EVALUATOR = "evaluator";
    public static final String REPLAY = "replay";

    private RoleName() {}
}
