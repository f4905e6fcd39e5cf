package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.CriticKind;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.CriticLoss;
import java.util.List;

/**
 * Sequence-level PPO (SPPO, arXiv 2604.08865): {@code A = R - V(s_p)}, one scalar for every token of the response. The
 * response is a single action: nothing is discounted, whitened or scaled. {@code A} is in [-1, 1], and 0 if the critic
 * predicted the reward exactly. Each response is credited by itself.
 *
 * @param samples responses per prompt
 */
public record SppoEstimator(int samples) implements AdvantageEstimator {
    private static final EstimatorSetting<Integer> SAMPLES =
            EstimatorSetting.integer("samples", 1, 1, 1024, "Responses sampled per prompt.");

    static final EstimatorFactory FACTORY =
            EstimatorFactory.of("sppo", List.of(SAMPLES), settings -> new SppoEstimator(settings.get(SAMPLES)));

    @Override
    public String name() {
        return FACTORY.name();
    }

    @Override
    public Needs needs() {
        return Needs.samples(samples).withCritic(CriticKind.PROMPT);
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient()
                .withCritic(new CriticLoss(CriticLoss.Function.BINARY_CROSS_ENTROPY, 0), 0);
    }

    @Override
    public List<Credit> credit(Group group) {
        Double value = group.promptValue();
        if (value == null) {
            throw new MissingInputException("group " + group.id() + " has no value of its prompt");
        }
        return group.judged().stream()
                .map(rollout -> Credit.uniform(rollout, rollout.requireReward() - value))
                .toList();
    }

    @Override
    public boolean canCreditPartial(Group group) {
        return group.promptValue() != null && !group.judged().isEmpty();
    }
}
