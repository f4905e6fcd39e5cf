package io.sppostream.advantage;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which verdicts reward the rollouts of each dataset.
 *
 * @param standard the combination for datasets without one of their own
 * @param byDataset combinations by the name of the dataset
 */
public record RewardRules(Combination standard, Map<String, Combination> byDataset) {
    public RewardRules {
        byDataset = Map.copyOf(byDataset);
    }

    /** Rewards every rollout by the same verifier. */
    public static RewardRules by(String verifier) {
        return new RewardRules(Combination.of(verifier), Map.of());
    }

    /** The combination of a dataset. */
    public Combination of(String dataset) {
        return byDataset.getOrDefault(dataset, standard);
    }

    /** Names of the verifiers that reward at least one dataset. */
    Set<String> verifiers() {
        Set<String> names = new HashSet<>(standard.verifiers());
        byDataset.values().forEach(combination -> names.addAll(combination.verifiers()));
        return Set.copyOf(names);
    }
}
