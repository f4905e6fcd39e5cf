package com.example;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Credit;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import io.sppostream.estimator.EstimatorSettings;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.TrainingRecipe;
import java.util.List;

/** REINFORCE with a constant baseline: {@code A = R - baseline} for every token of the response. */
public record ConstantBaseline(double baseline) implements AdvantageEstimator {
    private static final String NAME = "constant-baseline";
    private static final EstimatorSetting<Double> BASELINE =
            EstimatorSetting.number("baseline", 0.5, 0, 1, "Reward that is neither good nor bad.");

    /** Describes and creates the estimator. The service loader needs a constructor without parameters. */
    public static final class Factory implements EstimatorFactory {
        /** For the service loader. */
        public Factory() {}

        @Override
        public String name() {
            return NAME;
        }

        @Override
        public List<EstimatorSetting<?>> settings() {
            return List.of(BASELINE);
        }

        @Override
        public AdvantageEstimator create(EstimatorSettings settings) {
            return new ConstantBaseline(settings.get(BASELINE));
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Needs needs() {
        return Needs.samples(1);
    }

    @Override
    public TrainingRecipe recipe() {
        return TrainingRecipe.policyGradient();
    }

    @Override
    public List<Credit> credit(Group group) {
        return group.judged().stream()
                .map(rollout -> Credit.uniform(rollout, rollout.requireReward() - baseline))
                .toList();
    }
}
