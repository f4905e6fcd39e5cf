package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.GroupRollout;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Segments;
import io.sppostream.estimator.TrainingRecipe;
import java.util.ArrayList;
import java.util.List;

/**
 * DPO-Positive (arXiv 2402.13228): pairs of a correct and a wrong response to the same prompt, at most {@code pairs} per
 * prompt. Every pair occurs once. Pairs are spread over the responses: the i-th correct one meets the i-th wrong one
 * first, then the next, so that a limit leaves each with about as many. The credit of a correct response lists the wrong
 * ones that it is preferred to. The defaults are those of the SPO paper (arXiv 2505.23564) on GSM8K; on MATH beta is 0.1.
 *
 * @param samples responses per prompt
 * @param pairs most pairs per prompt
 * @param correct least reward of a correct response
 * @param beta how strongly the policy is held to the reference
 * @param penalty weight of the term that keeps the likelihood of correct responses from falling below the reference
 */
public record DpoPositiveEstimator(int samples, int pairs, double correct, double beta, double penalty)
        implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 64, 2, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Integer> PAIRS =
            EstimatorSetting.integer("pairs", 64, 1, 1_000_000, "Most pairs per prompt.");
    private static final EstimatorSetting<Double> BETA =
            EstimatorSetting.number("beta", 0.3, 1e-6, 1000, "How strongly the policy is held to the reference.");
    private static final EstimatorSetting<Double> PENALTY = EstimatorSetting.number(
            "penalty",
            50,
            0,
            1e6,
            "Weight of the loss for correct responses that become less likely than in the reference.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "dpo-positive",
            List.of(SAMPLES, PAIRS, RestEmEstimator.CORRECT, BETA, PENALTY),
            settings -> new DpoPositiveEstimator(
                    settings.get(SAMPLES),
                    settings.get(PAIRS),
                    settings.get(RestEmEstimator.CORRECT),
                    settings.get(BETA),
                    settings.get(PENALTY)));

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
        return TrainingRecipe.of(new TrainingRecipe.Preference(beta, penalty));
    }

    @Override
    public List<Credit> credit(Group group) {
        List<GroupRollout> chosen = new ArrayList<>();
        List<GroupRollout> rejected = new ArrayList<>();
        for (GroupRollout rollout : group.judged()) {
            (rollout.requireReward() >= correct ? chosen : rejected).add(rollout);
        }
        int all = Math.min(pairs, chosen.size() * rejected.size());
        List<Credit> credits = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            List<String> losers = new ArrayList<>();
            for (int round = 0; round * chosen.size() + i < all; round++) {
                losers.add(rejected.get((i + round) % rejected.size()).id());
            }
            if (!losers.isEmpty()) {
                GroupRollout winner = chosen.get(i);
                credits.add(new Credit(winner.id(), Segments.uniform(winner.length(), 1), losers));
            }
        }
        return credits;
    }

    /** Two responses make a pair. */
    @Override
    public boolean canCreditPartial(Group group) {
        return group.judged().size() >= 2;
    }
}
