package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import java.util.ArrayList;
import java.util.List;

/**
 * Group-relative policy optimisation (GRPO, arXiv 2402.03300): {@code A = (R - mean) / (std + 1e-6)} over the responses
 * to a prompt, with the unbiased standard deviation, as verl has it. A group of 1 has mean 0 and standard deviation 1.
 * If all rewards are equal, all advantages are 0.
 *
 * <p>Without {@code normalize} it is Dr. GRPO (arXiv 2503.20783): {@code A = R - mean}. With {@code mask} only tokens of
 * probability below {@code threshold} carry loss: an ablation of the SPO paper (arXiv 2505.23564).
 *
 * @param samples responses per prompt
 * @param normalize whether to divide by the standard deviation
 * @param mask whether only tokens below the threshold carry loss
 * @param threshold probability at or above which the mask excludes a token
 */
public record GrpoEstimator(int samples, boolean normalize, boolean mask, double threshold)
        implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 8, 2, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Boolean> NORMALIZE = EstimatorSetting.flag(
            "normalize", true, "Whether to divide by the standard deviation of the rewards; false is Dr. GRPO.");
    private static final EstimatorSetting<Boolean> MASK =
            EstimatorSetting.flag("mask", false, "Whether only tokens of probability below the threshold carry loss.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "grpo",
            List.of(SAMPLES, NORMALIZE, MASK, ProbabilityMask.THRESHOLD),
            settings -> new GrpoEstimator(
                    settings.get(SAMPLES),
                    settings.get(NORMALIZE),
                    settings.get(MASK),
                    settings.get(ProbabilityMask.THRESHOLD)));

    private static final double EPSILON = 1e-6;

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples).withLogProbs(mask);
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient();
    }

    @Override
    public List<Credit> credit(Group group) {
        List<GroupRollout> judged = group.judged();
        double[] advantages = advantages(Rewards.of(judged), normalize);
        List<Credit> credits = new ArrayList<>();
        for (int i = 0; i < judged.size(); i++) {
            GroupRollout rollout = judged.get(i);
            if (mask) {
                ProbabilityMask.credit(rollout, advantages[i], threshold).ifPresent(credits::add);
            } else {
                credits.add(Credit.uniform(rollout, advantages[i]));
            }
        }
        return credits;
    }

    /** From two responses on: a baseline of one is none. */
    @Override
    public boolean canCreditPartial(Group group) {
        return group.judged().size() >= 2;
    }

    /**
     * The advantages of a group.
     *
     * @param rewards R, shape [n]
     * @return A, shape [n]
     */
    static double[] advantages(double[] rewards, boolean normalize) {
        boolean alone = rewards.length == 1;
        double[] advantages = alone ? rewards.clone() : Rewards.centred(rewards);
        if (normalize) {
            double deviation = alone ? 1 : Math.sqrt(Rewards.sumOfSquares(advantages) / (rewards.length - 1));
            for (int i = 0; i < advantages.length; i++) {
                advantages[i] /= deviation + EPSILON;
            }
        }
        return advantages;
    }
}
