package io.sppostream.verify;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which verifiers judge which dataset.
 *
 * @param standard judge the datasets that have none of their own
 * @param byDataset the others
 */
public record Verifiers(List<Duty> standard, Map<String, List<Duty>> byDataset) {

    /**
     * What a verifier does for a dataset.
     *
     * @param shadow whether it only watches, and is never rewarded
     */
    public record Duty(ConfiguredVerifier verifier, boolean shadow) {}

    public Verifiers {
        standard = List.copyOf(standard);
        byDataset = Map.copyOf(byDataset);
    }

    /** One verifier for all datasets. */
    public static Verifiers of(ConfiguredVerifier verifier) {
        return new Verifiers(List.of(new Duty(verifier, false)), Map.of());
    }

    /** The verifiers of a dataset. */
    public List<Duty> of(String dataset) {
        return byDataset.getOrDefault(dataset, standard);
    }

    /** All of them. */
    public Set<ConfiguredVerifier> all() {
        Set<ConfiguredVerifier> all = new LinkedHashSet<>();
        standard.forEach(duty -> all.add(duty.verifier()));
        byDataset.values().forEach(duties -> duties.forEach(duty -> all.add(duty.verifier())));
        return all;
    }

    /** What one verifier does for a dataset, if anything. */
    Optional<Duty> duty(ConfiguredVerifier verifier, String dataset) {
        return of(dataset).stream()
                .filter(duty -> duty.verifier().name().equals(verifier.name()))
                .findFirst();
    }
}
