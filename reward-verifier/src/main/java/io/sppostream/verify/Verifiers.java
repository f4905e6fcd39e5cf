package io.sppostream.verify;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which verifiers judge which dataset.
 *
 * @param standard the verifiers of datasets that have none of their own
 * @param byDataset the verifiers of the other datasets, by the name of the dataset
 */
public record Verifiers(List<Assignment> standard, Map<String, List<Assignment>> byDataset) {

    /**
     * A verifier assigned to a dataset.
     *
     * @param shadow whether its verdicts are only published, never rewarded
     */
    public record Assignment(ConfiguredVerifier verifier, boolean shadow) {}

    public Verifiers {
        standard = List.copyOf(standard);
        byDataset = Map.copyOf(byDataset);
    }

    /** One verifier for all datasets. */
    public static Verifiers of(ConfiguredVerifier verifier) {
        return new Verifiers(List.of(new Assignment(verifier, false)), Map.of());
    }

    /** The verifiers of a dataset. */
    public List<Assignment> of(String dataset) {
        return byDataset.getOrDefault(dataset, standard);
    }

    /** The verifiers of all datasets. */
    public Set<ConfiguredVerifier> all() {
        Set<ConfiguredVerifier> all = new LinkedHashSet<>();
        standard.forEach(assignment -> all.add(assignment.verifier()));
        byDataset.values().forEach(assignments -> assignments.forEach(assignment -> all.add(assignment.verifier())));
        return all;
    }

    /** How a verifier is assigned to a dataset; empty if it does not judge that dataset. */
    Optional<Assignment> assignment(ConfiguredVerifier verifier, String dataset) {
        return of(dataset).stream()
                .filter(assignment -> assignment.verifier().name().equals(verifier.name()))
                .findFirst();
    }
}
