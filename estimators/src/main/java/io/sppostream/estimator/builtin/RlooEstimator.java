package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.ArrayList;
import java.util.List;

/**
 * REINFORCE leave-one-out (RLOO, arXiv 2402.14740): the baseline of a response is the mean reward of the others of its
 * prompt. {@code A = R - mean of the others = n / (n - 1) (R - mean)}. A group of 1 has no others and keeps R.
 *
 * @param samples responses per prompt
 * @param kl coefficient of the KL penalty in the reward; the RLOO baseline of the SPPO paper (arXiv 2604.08865) has 0.001
 */
public record RlooEstimator(int samples, double kl) implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 5, 2, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Double> KL =
            EstimatorSetting.number("kl", 0.001, 0, 1000, "Coefficient of the KL penalty in the reward.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "rloo", List.of(SAMPLES, KL), settings -> new RlooEstimator(settings.get(SAMPLES), settings.get(KL)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples);
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient().withKl(KlPenalty.Place.SEQUENCE_REWARD, kl);
    }

    @Override
    public List<Credit> credit(Group group) {
        List<GroupRollout> judged = group.judged();
        double[] advantages = advantages(Rewards.of(judged));
        List<Credit> credits = new ArrayList<>();
        for (int i = 0; i < judged.size(); i++) {
            credits.add(Credit.uniform(judged.get(i), advantages[i]));
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
    static double[] advantages(double[] rewards) {
        int n = rewards.length;
        if (n == 1) {
            return rewards.clone();
        }
        double[] advantages = Rewards.centred(rewards);
        for (int i = 0; i < n; i++) {
            advantages[i] *= (double) n / (n - 1);
        }
        return advantages;
    }
}
