package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.Purpose;
import io.sppostream.estimator.Sampling;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import java.util.List;
import java.util.OptionalDouble;

/**
 * ReMax (arXiv 2310.10505): the baseline of a response is the reward of the greedy response to its prompt. {@code A = R -
 * R(greedy)}. There is no credit without the baseline.
 *
 * @param samples responses per prompt, besides the greedy one
 * @param kl coefficient of the KL penalty in the reward; the ReMax baseline of the SPPO paper (arXiv 2604.08865) has
 *     0.001
 */
public record RemaxEstimator(int samples, double kl) implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 1, 1, 1024, "Responses sampled per prompt, besides the greedy one.");
    private static final EstimatorSetting<Double> KL =
            EstimatorSetting.number("kl", 0.001, 0, 1000, "Coefficient of the KL penalty in the reward.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "remax", List.of(SAMPLES, KL), settings -> new RemaxEstimator(settings.get(SAMPLES), settings.get(KL)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples).withFollowUps();
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient().withKl(KlPenalty.Place.TOKEN_REWARD, kl);
    }

    /** The greedy response. It depends on the prompt alone, so that it is sampled together with the others. */
    @Override
    public List<FollowUp> plan(Group group) {
        return List.of(FollowUp.ofPrompt(group, Purpose.BASELINE, 1, Sampling.GREEDY));
    }

    @Override
    public List<Credit> credit(Group group) {
        OptionalDouble baseline = baseline(group);
        if (baseline.isEmpty()) {
            throw new MissingInputException("group " + group.id() + " has no reward of a greedy response");
        }
        return group.judged().stream()
                .map(rollout -> Credit.uniform(rollout, rollout.requireReward() - baseline.getAsDouble()))
                .toList();
    }

    @Override
    public boolean canCreditPartial(Group group) {
        return baseline(group).isPresent() && !group.judged().isEmpty();
    }

    private OptionalDouble baseline(Group group) {
        return group.meanReward(plan(group).get(0).id());
    }
}
