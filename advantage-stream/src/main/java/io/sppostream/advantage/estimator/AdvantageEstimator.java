package io.sppostream.advantage.estimator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Assigns credit to the rollouts of a group: a prompt and everything that was sampled for it.
 *
 * <p>An estimator is immutable and all its methods are pure. The join calls them as records arrive; audit and replay
 * rebuild the group from the log and call them again. Results depend on what is in the group and never on the order in
 * which it arrived: a {@link Group} lists its members in one order, so that sums round the same way every time.
 *
 * <p>The life of a group:
 *
 * <ol>
 *   <li>{@link #needs} says how many responses to sample for the prompt, and what is to be known of each.
 *   <li>{@link #plan} is called whenever a member arrives, and names what else is to be sampled.
 *   <li>{@link #credit} is called once: when {@link #isComplete} holds, or at the deadline if {@link #canCreditPartial}
 *       holds. Members whose reward is still missing then expire.
 * </ol>
 */
public interface AdvantageEstimator {
    /** The name that configurations choose it by, and that training samples record. */
    String name();

    /** What is to be sampled for every prompt, and to be known of it. */
    Needs needs();

    /** How the learner trains on the credits. */
    TrainingRecipe recipe();

    /**
     * Everything that the group needs besides its first samples, as far as the present members tell. Ids are derived
     * from what is to be sampled, so that planning again returns the same follow-ups and the caller publishes those
     * that are new. A larger group never needs less.
     *
     * @throws MissingInputException if a member lacks something that {@link #needs} asks for
     */
    default List<FollowUp> plan(Group group) {
        return List.of();
    }

    /**
     * The credits of the group, at most one per rollout, in an order that the group determines. Judged members without a credit are evidence: they only served to
     * estimate the advantages of others, or carry no gradient. Members that are not judged get no credit and count for
     * nothing.
     *
     * @throws MissingInputException if the group lacks something that the estimator cannot do without
     */
    List<Credit> credit(Group group);

    /**
     * Whether nothing more is awaited: the first samples and all follow-ups are there, each has its reward (unless it
     * was {@link GroupRollout#cut cut}), and the values that {@link #needs} asks for are known.
     */
    default boolean isComplete(Group group) {
        if (!group.hasValues(needs().critic())) {
            return false;
        }
        Map<String, Integer> settled = new HashMap<>();
        for (GroupRollout rollout : group.rollouts()) {
            if (rollout.isJudged() || rollout.cut()) {
                settled.merge(rollout.origin().requestId(), 1, Integer::sum);
            }
        }
        for (Evidence evidence : group.evidence()) {
            if (evidence.reward() != null) {
                settled.merge(evidence.requestId(), 1, Integer::sum);
            }
        }
        return settled.getOrDefault(group.id(), 0) >= needs().samples()
                && plan(group).stream()
                        .allMatch(followUp -> settled.getOrDefault(followUp.id(), 0) >= followUp.completions());
    }

    /**
     * Whether a group that is not complete at its deadline may be credited as it is. The default is no: all its members
     * expire.
     */
    default boolean canCreditPartial(Group group) {
        return isComplete(group);
    }
}
