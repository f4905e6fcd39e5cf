package io.sppostream.estimator;

import java.util.List;

/**
 * The credit of a rollout that is trained on.
 *
 * @param rolloutId the rollout
 * @param advantages A of its tokens, before any batch transform, and which of them carry loss. Under a supervised or
 *     preference objective A is 1
 * @param rejected the rollouts to which this one is preferred, for {@link TrainingRecipe.Preference}: one pair each.
 *     They are the other half of a pair, and evidence unless they have credits of their own
 */
public record Credit(String rolloutId, Segments advantages, List<String> rejected) {
    public Credit {
        rejected = List.copyOf(rejected);
    }

    /** The credit of a rollout by itself. */
    public Credit(String rolloutId, Segments advantages) {
        this(rolloutId, advantages, List.of());
    }

    /** The same advantage for every token of a rollout. */
    public static Credit uniform(GroupRollout rollout, double advantage) {
        return new Credit(rollout.id(), Segments.uniform(rollout.length(), advantage));
    }
}
