package io.sppostream.estimator;

import java.util.List;

/**
 * Assigns credit to the rollouts of a group: a prompt and everything that was sampled for it.
 *
 * <p>An estimator is immutable and all its methods are pure. The join calls them as records arrive; audit and replay
 * rebuild the group from the log and call them again. Results depend on the members of the group and never on their
 * order of arrival: a {@link Group} lists its members in one order, so that sums round the same way every time.
 *
 * <p>The life of a group:
 *
 * <ol>
 *   <li>{@link #needs} says how many responses to sample for the prompt, and which inputs the estimator reads.
 *   <li>{@link #plan} is called when a rollout arrives, and returns the follow-ups to sample.
 *   <li>{@link #credit} is called once: when {@link #isComplete} holds, or at the deadline if {@link #canCreditPartial}
 *       holds. Members whose reward is still missing then expire.
 * </ol>
 */
public interface AdvantageEstimator {
    /** The name that configurations choose it by, and that training samples record. */
    String name();

    /** The samples of a prompt, and the inputs that the estimator reads. */
    Needs needs();

    /** How the learner trains on the credits. */
    TrainingRecipe recipe();

    /**
     * All follow-ups that the group needs, as far as its present rollouts tell. Ids are derived from the prefix and the
     * sampling, so that planning again returns the same follow-ups and the caller publishes those that are new. A plan
     * depends on the tokens, log-probs and text of {@link Group#rollouts}, and never on evidence, rewards or values: only
     * a new rollout requires a new plan. A larger group never needs less.
     *
     * @throws MissingInputException if a rollout lacks an input that {@link #needs} asks for
     */
    default List<FollowUp> plan(Group group) {
        return List.of();
    }

    /**
     * The credits of the group, at most one per rollout, in an order that the group determines. Judged members without a
     * credit are evidence: they only served to estimate the advantages of others, or carry no gradient. Members that are
     * not judged are ignored.
     *
     * @throws MissingInputException if the group lacks an input that the estimator cannot do without
     */
    List<Credit> credit(Group group);

    /** Whether the group has everything: see {@link Group#isComplete}. */
    default boolean isComplete(Group group) {
        return group.isComplete(needs(), plan(group));
    }

    /**
     * Whether a group that is not complete at its deadline may be credited as it is. By default it may not, and all its
     * members expire.
     *
     * @throws MissingInputException if a rollout lacks an input that {@link #needs} asks for
     */
    default boolean canCreditPartial(Group group) {
        return isComplete(group);
    }
}
