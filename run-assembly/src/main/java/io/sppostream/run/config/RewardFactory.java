package io.sppostream.run.config;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.RewardRules;
import io.sppostream.log.UserException;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.VerifierCatalogue;
import io.sppostream.verify.Verifiers;
import io.sppostream.verify.Verifiers.Assignment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.config.ConfigException;

/**
 * Who judges which dataset, and what is made of their verdicts: {@code verifier} for all datasets, {@code
 * verifier.DATASET} for one, and {@code verifiers.NAME} for the settings of a verifier.
 */
public final class RewardFactory {
    static final String STANDARD = "verifier";
    static final String BY_DATASET = "verifier.";
    static final String DEFINITIONS = "verifiers.";
    static final String PLUGINS = "verifier.plugins";
    static final String DEFAULT_PLUGINS = "plugins";

    private final RunSettings settings;
    private final RewardExpression standard;
    private final Map<String, RewardExpression> byDataset = new HashMap<>();

    private RewardFactory(RunSettings settings) {
        this.settings = settings;
        this.standard = naming(STANDARD, () -> RewardExpression.parse(settings.getString(STANDARD)));
        settings.choices()
                .forEach((dataset, text) ->
                        byDataset.put(dataset, naming(BY_DATASET + dataset, () -> RewardExpression.parse(text))));
    }

    /**
     * What is made of verdicts. No verifier is looked for: they may be elsewhere.
     *
     * @throws UserException where a choice can't be read
     */
    public static RewardRules rewards(RunSettings settings) {
        RewardFactory rewarding = new RewardFactory(settings);
        Map<String, Combination> combinations = new HashMap<>();
        rewarding.byDataset.forEach((dataset, choice) -> combinations.put(dataset, choice.combination()));
        return new RewardRules(rewarding.standard.combination(), combinations);
    }

    /**
     * The verifiers, found and with their settings.
     *
     * @throws UserException where one is not to be had, or its settings are wrong
     */
    public static Verifiers verifiers(RunSettings settings) {
        return new RewardFactory(settings).verifiers(catalogue(settings));
    }

    /**
     * The verifiers there are to choose from.
     *
     * @throws UserException where a plugin can't be loaded
     */
    public static VerifierCatalogue catalogue(RunSettings settings) {
        Path plugins = Path.of(settings.getString(PLUGINS));
        boolean none = settings.getString(PLUGINS).equals(DEFAULT_PLUGINS) && !Files.exists(plugins);
        return naming(PLUGINS, () -> VerifierCatalogue.open(none ? null : plugins));
    }

    /**
     * Some verifiers, by their names.
     *
     * @throws UserException where one is not to be had, or settings are wrong
     */
    public static List<ConfiguredVerifier> named(RunSettings settings, List<String> names) {
        VerifierCatalogue catalogue = catalogue(settings);
        Map<String, ConfiguredVerifier> known = new RewardFactory(settings).known(catalogue);
        return names.stream()
                .map(name -> find(STANDARD, name, known, catalogue))
                .toList();
    }

    /** The verifiers that have settings, by their names. */
    private Map<String, ConfiguredVerifier> known(VerifierCatalogue catalogue) {
        Map<String, ConfiguredVerifier> known = new HashMap<>();
        definitions()
                .forEach((name, values) -> known.put(
                        name,
                        naming(DEFINITIONS + name, () -> new VerifierSettings(name, values).verifier(catalogue))));
        return known;
    }

    private Verifiers verifiers(VerifierCatalogue catalogue) {
        Map<String, ConfiguredVerifier> known = known(catalogue);
        Map<String, List<Assignment>> assignments = new HashMap<>();
        byDataset.forEach((dataset, choice) ->
                assignments.put(dataset, assignments(BY_DATASET + dataset, choice, known, catalogue)));
        return new Verifiers(assignments(STANDARD, standard, known, catalogue), assignments);
    }

    private static List<Assignment> assignments(
            String where, RewardExpression choice, Map<String, ConfiguredVerifier> known, VerifierCatalogue catalogue) {
        List<Assignment> assignments = new ArrayList<>();
        choice.combination()
                .verifiers()
                .forEach(name -> assignments.add(new Assignment(find(where, name, known, catalogue), false)));
        choice.shadows().forEach(name -> assignments.add(new Assignment(find(where, name, known, catalogue), true)));
        return assignments;
    }

    /** A verifier with settings goes by their name; any other by its own. */
    private static ConfiguredVerifier find(
            String where, String name, Map<String, ConfiguredVerifier> known, VerifierCatalogue catalogue) {
        return known.computeIfAbsent(
                name, key -> naming(where, () -> new VerifierSettings(key, Map.of()).verifier(catalogue)));
    }

    /** The settings of each verifier that has some, by its name. */
    private SortedMap<String, Map<String, String>> definitions() {
        SortedMap<String, Map<String, String>> definitions = new TreeMap<>();
        settings.verifierSettings().forEach((name, value) -> {
            int dot = name.indexOf('.');
            if (dot < 1) {
                throw new UserException(DEFINITIONS + name + " = " + value
                        + ": settings of a verifier belong under its name, as in " + DEFINITIONS + name + ".type");
            }
            definitions
                    .computeIfAbsent(name.substring(0, dot), key -> new TreeMap<>())
                    .put(name.substring(dot + 1), value);
        });
        return definitions;
    }

    private static <T> T naming(String setting, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (IllegalArgumentException | ConfigException e) {
            throw new UserException(setting + ": " + e.getMessage());
        }
    }
}
