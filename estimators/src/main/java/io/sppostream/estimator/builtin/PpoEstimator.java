package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.CriticLoss;
import java.util.ArrayList;
import java.util.List;

/**
 * Token-level PPO (arXiv 1707.06347) with generalised advantage estimation (arXiv 1506.02438, equation 16). The reward
 * arrives with the last token. Advantages are whitened over the batch; the critic's targets are {@link #returns}, taken
 * before that. The defaults are those of the PPO baseline in the SPPO paper (arXiv 2604.08865, appendix E).
 *
 * @param samples responses per prompt
 * @param gamma discount per token
 * @param lambda how far advantages look ahead: 1 is the return minus the value, 0 the error of one step
 * @param critic the form of the critic's loss; the cross-entropy is the ablation of the SPPO paper
 * @param clip how far a value may move from the recorded one; 0 for no clipping
 * @param warmupSteps first steps in which only the critic trains
 */
public record PpoEstimator(int samples, double gamma, double lambda, ValueLoss critic, double clip, int warmupSteps)
        implements AdvantageEstimator {
    /** The forms of the critic's loss. */
    public enum ValueLoss {
        /** Squared error. */
        MSE,
        /** Binary cross-entropy; values are then probabilities. */
        BCE
    }

    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 1, 1, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Double> GAMMA =
            EstimatorSetting.number("gamma", 1, 0, 1, "Discount per token.");
    private static final EstimatorSetting<Double> LAMBDA = EstimatorSetting.number(
            "lambda", 1, 0, 1, "GAE: 1 is the return minus the value, 0 the error of one step.");
    private static final EstimatorSetting<ValueLoss> VALUE_LOSS = EstimatorSetting.choice(
            "value.loss", ValueLoss.MSE, "Loss of the critic: squared error, or binary cross-entropy.");
    private static final EstimatorSetting<Double> VALUE_CLIP = EstimatorSetting.number(
            "value.clip", 0.5, 0, 1000, "How far a value may move from the recorded one; 0 for no clipping.");
    private static final EstimatorSetting<Integer> WARMUP = EstimatorSetting.integer(
            "critic.warmup.steps", 50, 0, 1_000_000, "First steps in which only the critic trains.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "ppo",
            List.of(SAMPLES, GAMMA, LAMBDA, VALUE_LOSS, VALUE_CLIP, WARMUP),
            settings -> new PpoEstimator(
                    settings.get(SAMPLES),
                    settings.get(GAMMA),
                    settings.get(LAMBDA),
                    settings.get(VALUE_LOSS),
                    settings.get(VALUE_CLIP),
                    settings.get(WARMUP)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples).withCritic(CriticKind.TOKEN);
    }

    @Override
    public TrainingRecipe recipe() {
        CriticLoss.Function function = switch (critic) {
            case MSE -> CriticLoss.Function.SQUARED_ERROR;
            case BCE -> CriticLoss.Function.BINARY_CROSS_ENTROPY;
        };
        return TrainingRecipe.policyGradient().whitened().withCritic(new CriticLoss(function, clip), warmupSteps);
    }

    @Override
    public List<Credit> credit(Group group) {
        List<Credit> credits = new ArrayList<>();
        for (GroupRollout rollout : group.judged()) {
            double[] advantages = advantages(rollout.requireValues(), rollout.requireReward(), gamma, lambda);
            credits.add(new Credit(rollout.id(), Segments.of(advantages)));
        }
        return credits;
    }

    @Override
    public boolean canCreditPartial(Group group) {
        return !group.judged().isEmpty() && group.judged().stream().allMatch(rollout -> rollout.values() != null);
    }

    /**
     * Generalised advantages: {@code A_t = delta_t + gamma lambda A_(t+1)}, with {@code delta_t = r_t + gamma V_(t+1) -
     * V_t}. V is 0 after the last token; r is the reward at the last token and 0 elsewhere.
     *
     * @param values V before each token, shape [T]
     * @return A, shape [T]
     */
    static double[] advantages(double[] values, double reward, double gamma, double lambda) {
        double[] advantages = new double[values.length];
        double next = 0;
        double nextValue = 0;
        for (int t = values.length - 1; t >= 0; t--) {
            double delta = (t == values.length - 1 ? reward : 0) + gamma * nextValue - values[t];
            next = delta + gamma * lambda * next;
            nextValue = values[t];
            advantages[t] = next;
        }
        return advantages;
    }

    /**
     * The critic's targets: {@code G_t = A_t + V_t}, shape [T].
     *
     * @param advantages A before whitening
     * @param values V before each token, shape [T]
     */
    public static double[] returns(Segments advantages, double[] values) {
        double[] returns = advantages.perToken();
        for (int t = 0; t < returns.length; t++) {
            returns[t] += values[t];
        }
        return returns;
    }
}
