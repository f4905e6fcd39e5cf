package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import java.util.List;

/**
 * ReST-EM (arXiv 2312.06585): supervised training on the correct responses, at most {@code keep} per prompt, the first of
 * the group. The others are evidence. The defaults are those of the SPO paper (arXiv 2505.23564).
 *
 * @param samples responses per prompt
 * @param keep most responses per prompt that are trained on
 * @param correct least reward of a correct response
 */
public record RestEmEstimator(int samples, int keep, double correct) implements AdvantageEstimator {
    static final EstimatorSetting<Double> CORRECT =
            EstimatorSetting.number("correct.reward", 1, 0, 1, "Least reward of a correct response.");
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 8, 1, 1024, "Responses sampled per prompt.");
    private static final EstimatorSetting<Integer> KEEP =
            EstimatorSetting.integer("keep", 10, 1, 1024, "Most correct responses per prompt that are trained on.");

    static final EstimatorFactory FACTORY = EstimatorFactory.of(
            "restem",
            List.of(SAMPLES, KEEP, CORRECT),
            settings -> new RestEmEstimator(settings.get(SAMPLES), settings.get(KEEP), settings.get(CORRECT)));

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
        return TrainingRecipe.of(new TrainingRecipe.Supervised());
    }

    @Override
    public List<Credit> credit(Group group) {
        return group.judged().stream()
                .filter(rollout -> rollout.requireReward() >= correct)
                .limit(keep)
                .map(rollout -> Credit.uniform(rollout, 1))
                .toList();
    }

    @Override
    public boolean canCreditPartial(Group group) {
        return !group.judged().isEmpty();
    }
}
