package io.sppostream.learn.update;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.BatchTransform;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;

/**
 * What a {@link PolicyUpdate} minimizes.
 *
 * @param objective the loss of a token: the policy gradient, or the negative log-likelihood. Or that of a pair of
 *     responses
 * @param transform applied to the advantages of a step before the loss
 * @param kl the penalty for moving away from the start policy
 * @param mean what the loss of a mini-batch is a mean of; that of pairs is always a mean over pairs
 */
public record PolicyObjective(
        TrainingRecipe.Objective objective, BatchTransform transform, KlPenalty kl, LossMean mean) {

    /** The objective of SPPO: the policy gradient as a mean over tokens, without whitening and penalty. */
    public static final PolicyObjective SPPO = of(TrainingRecipe.policyGradient(), LossMean.TOKEN);

    /** @throws IllegalArgumentException if the parts do not fit each other */
    public PolicyObjective {
        kl = KlPenalty.of(kl.place(), kl.coefficient());
        if (!(objective instanceof TrainingRecipe.PolicyGradient)) {
            String name = objective instanceof TrainingRecipe.Preference ? "preference" : "supervised";
            if (transform == BatchTransform.WHITEN) {
                throw new IllegalArgumentException(
                        "a " + name + " objective has no advantages that could be whitened: turn whitening off");
            }
            if (kl.place().isInReward()) {
                throw new IllegalArgumentException(
                        "a " + name + " objective has no rewards: use a KL penalty in the loss, or none");
            }
        }
        if (objective instanceof TrainingRecipe.Preference && kl.place() != KlPenalty.Place.NONE) {
            throw new IllegalArgumentException(
                    "a preference objective is held to the reference by its beta: turn the KL penalty off");
        }
    }

    /** The objective of an estimator's recipe. */
    public static PolicyObjective of(TrainingRecipe recipe, LossMean mean) {
        return new PolicyObjective(recipe.objective(), recipe.transform(), recipe.kl(), mean);
    }

    /** Whether the loss refers to the start policy. */
    public boolean needsReference() {
        return kl.place() != KlPenalty.Place.NONE || objective instanceof TrainingRecipe.Preference;
    }

    /** Whether the ratio to the behaviour policy enters the loss. */
    boolean isPolicyGradient() {
        return objective instanceof TrainingRecipe.PolicyGradient;
    }
}
