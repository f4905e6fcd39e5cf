package io.sppostream.verify;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import io.sppostream.verify.math.GradingProfile;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which verifier judges which dataset.
 *
 * @param standard judges the datasets that have none of their own
 * @param byDataset the others
 */
public record Verifiers(Verifier standard, Map<String, Verifier> byDataset) {
    private static final List<Verifier> BUILT_IN = Stream.concat(
                    Stream.of(new ExactAnswerVerifier()),
                    Arrays.stream(GradingProfile.values()).map(MathVerifier::new))
            .toList();

    public Verifiers {
        byDataset = Map.copyOf(byDataset);
    }

    /**
     * Verifiers by their names.
     *
     * @param byDataset dataset to name
     * @throws IllegalArgumentException naming the verifiers there are, where one is not among them
     */
    public static Verifiers named(String standard, Map<String, String> byDataset) {
        return new Verifiers(
                named(standard),
                byDataset.entrySet().stream().collect(toMap(Map.Entry::getKey, choice -> named(choice.getValue()))));
    }

    /** The verifier of a dataset. */
    public Verifier of(String dataset) {
        return byDataset.getOrDefault(dataset, standard);
    }

    private static Verifier named(String name) {
        return BUILT_IN.stream()
                .filter(verifier -> verifier.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no verifier '" + name + "'; there are: "
                        + BUILT_IN.stream().map(Verifier::name).collect(joining(", "))));
    }
}
