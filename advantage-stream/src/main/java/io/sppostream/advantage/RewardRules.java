package io.sppostream.advantage;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * By which verdicts the rollouts of each dataset are rewarded.
 *
 * @param standard for the datasets that have none of their own
 * @param byDataset the others
 */
public record RewardRules(Combination standard, Map<String, Combination> byDataset) {
    public RewardRules {
        byDataset = Map.copyOf(byDataset);
    }

    /** Every rollout is rewarded by one verifier. */
    public static RewardRules by(String verifier) {
        return new RewardRules(Combination.of(verifier), Map.of());
    }

    /** The combination of a dataset. */
    public Combination of(String dataset) {
        return byDataset.getOrDefault(dataset, standard);
    }

    /** The verifiers that reward some dataset. */
    Set<String> verifiers() {
        Set<String> names = new HashSet<>(standard.verifiers());
        byDataset.values().forEach(combination -> names.addAll(combination.verifiers()));
        return Set.copyOf(names);
    }
}
