package io.sppostream.estimator;

/**
 * How the learner trains on the credits of an estimator, with the published settings of the algorithm.
 *
 * @param objective the loss
 * @param transform applied to the advantages of a batch before the loss
 * @param critic the loss of the critic; {@link CriticLoss#NONE} if there is no critic
 * @param criticWarmupSteps first steps in which only the critic trains
 * @param kl the penalty for moving away from the start policy
 * @param replay how the samples of a group are spread over steps
 */
public record TrainingRecipe(
        Objective objective,
        BatchTransform transform,
        CriticLoss critic,
        int criticWarmupSteps,
        KlPenalty kl,
        EdgeReplay replay) {
    /** The loss. */
    public sealed interface Objective permits PolicyGradient, Supervised, Preference {}

    /** The clipped policy loss: ratio times advantage, over the trained tokens. */
    public record PolicyGradient() implements Objective {}

    /** The negative log-likelihood of the trained tokens. */
    public record Supervised() implements Objective {}

    /**
     * DPO-Positive (arXiv 2402.13228): {@code -log sigmoid(beta m)} of each pair, with {@code m = (logpi_w - logref_w) -
     * (logpi_l - logref_l) - penalty max(0, logref_w - logpi_w)}, log-probs summed over the response. The reference is
     * the start policy.
     */
    public record Preference(double beta, double penalty) implements Objective {}

    /** A transform of the advantages of a batch. */
    public enum BatchTransform {
        NONE,
        /** {@link Moments#whiten}, over the trained tokens of the batch. */
        WHITEN
    }

    /**
     * The loss of the critic.
     *
     * @param function its form
     * @param clip how far a value may move from the one recorded before the loss ignores the move: the loss is the
     *     maximum of that of V and that of V clipped to V_recorded +- clip; 0 for no clipping
     */
    public record CriticLoss(Function function, double clip) {
        /** The form of a critic's loss, of a value V and its target G. */
        public enum Function {
            NONE,
            /** {@code -G log V - (1 - G) log(1 - V)}, with V = sigmoid of the critic's output. */
            BINARY_CROSS_ENTROPY,
            /** {@code (V - G)^2 / 2}. */
            SQUARED_ERROR
        }

        /** No critic. */
        public static final CriticLoss NONE = new CriticLoss(Function.NONE, 0);
    }

    /**
     * The penalty for moving away from the start policy.
     *
     * @param place where it applies
     * @param coefficient its weight
     */
    public record KlPenalty(Place place, double coefficient) {
        /** Where a KL penalty applies. */
        public enum Place {
            NONE,
            /**
             * In the reward of a token, k1: {@code r_t - coefficient (logp_behaviour - logp_ref)}. The advantage of a
             * token loses the penalties of itself and of the tokens after it.
             */
            TOKEN_REWARD,
            /**
             * In the reward of a response, k1: {@code R - coefficient times the sum over its tokens of (logp_behaviour -
             * logp_ref)}. The baseline is the mean of the others of the group, with their penalties.
             */
            SEQUENCE_REWARD,
            /**
             * In the loss, k3: {@code coefficient (exp(d) - d - 1)} with {@code d = logp_ref - logp}, averaged over trained
             * tokens as the policy loss is.
             */
            TOKEN_LOSS,
            /** In the loss, k3, summed over the trained tokens of a response and averaged over responses. */
            SEQUENCE_LOSS;

            /** Whether the penalty is part of the rewards, and so of the advantages. */
            public boolean isInReward() {
                return this == TOKEN_REWARD || this == SEQUENCE_REWARD;
            }

            /** Whether the penalty is a term of the loss. */
            public boolean isInLoss() {
                return this == TOKEN_LOSS || this == SEQUENCE_LOSS;
            }
        }

        /** No reference model. */
        public static final KlPenalty NONE = new KlPenalty(Place.NONE, 0);

        /** A penalty in that place, or none if the coefficient is 0. */
        public static KlPenalty of(Place place, double coefficient) {
            return place == Place.NONE || coefficient == 0 ? NONE : new KlPenalty(place, coefficient);
        }
    }

    /**
     * How the samples of a group are spread over steps.
     *
     * @param perGroup most samples of a group that one step trains, drawn at random, none used twice; 0 for all at once
     * @param maxAge steps after which an unused sample is dropped; 0 with {@code perGroup} 0
     */
    public record EdgeReplay(int perGroup, int maxAge) {
        /** All samples of a group in one step. */
        public static final EdgeReplay NONE = new EdgeReplay(0, 0);

        /** Steps in which a sample may be trained, from the one that takes its group on. */
        public int lifetime() {
            return perGroup == 0 ? 1 : Math.max(1, maxAge);
        }
    }

    /** An objective, and no transform, critic, penalty or replay. */
    public static TrainingRecipe of(Objective objective) {
        return new TrainingRecipe(objective, BatchTransform.NONE, CriticLoss.NONE, 0, KlPenalty.NONE, EdgeReplay.NONE);
    }

    /** The clipped policy loss, and no transform, critic, penalty or replay. */
    public static TrainingRecipe policyGradient() {
        return of(new PolicyGradient());
    }

    /** The same with whitened advantages. */
    public TrainingRecipe whitened() {
        return new TrainingRecipe(objective, BatchTransform.WHITEN, critic, criticWarmupSteps, kl, replay);
    }

    /** The same with a critic. */
    public TrainingRecipe withCritic(CriticLoss loss, int warmupSteps) {
        return new TrainingRecipe(objective, transform, loss, warmupSteps, kl, replay);
    }

    /** The same with a KL penalty. */
    public TrainingRecipe withKl(KlPenalty.Place place, double coefficient) {
        return new TrainingRecipe(
                objective, transform, critic, criticWarmupSteps, KlPenalty.of(place, coefficient), replay);
    }

    /** The same with samples spread over steps. */
    public TrainingRecipe withReplay(EdgeReplay edges) {
        return new TrainingRecipe(objective, transform, critic, criticWarmupSteps, kl, edges);
    }
}
