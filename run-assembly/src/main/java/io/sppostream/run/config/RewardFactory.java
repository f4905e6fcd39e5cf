package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.VERIFIER;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_OF_DATASET;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_PLUGINS;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_SETTINGS;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.RewardRules;
import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.VerifierCatalogue;
import io.sppostream.verify.Verifiers;
import io.sppostream.verify.Verifiers.Assignment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.config.ConfigException;

/**
 * Makes the verifiers and reward rules of a configuration: {@code verifier} holds for all datasets, {@code
 * verifier.DATASET} for one, and {@code verifiers.NAME} has the settings of a verifier.
 */
public final class RewardFactory {
    private final RunSettings settings;
    private final RewardExpression standard;
    private final Map<String, RewardExpression> byDataset = new HashMap<>();

    private RewardFactory(RunSettings settings) {
        this.settings = settings;
        this.standard = naming(VERIFIER, () -> RewardExpression.parse(settings.getString(VERIFIER)));
        settings.verifiersOfDatasets()
                .forEach((dataset, text) -> byDataset.put(
                        dataset, naming(VERIFIER_OF_DATASET + dataset, () -> RewardExpression.parse(text))));
    }

    /**
     * The rules that make rewards of verdicts. Verifiers need not be present: they may run elsewhere.
     *
     * @throws UserException if an expression is malformed
     */
    public static RewardRules rewards(RunSettings settings) {
        RewardFactory rewarding = new RewardFactory(settings);
        Map<String, Combination> combinations = new HashMap<>();
        rewarding.byDataset.forEach((dataset, choice) -> combinations.put(dataset, choice.combination()));
        return new RewardRules(rewarding.standard.combination(), combinations);
    }

    /**
     * The verifiers of all datasets, with their settings.
     *
     * @throws UserException if one is missing, or its settings are wrong
     */
    public static Verifiers verifiers(RunSettings settings) {
        return new RewardFactory(settings).verifiers(catalogue(settings));
    }

    /**
     * The verifiers that can be configured: built in, and plugins.
     *
     * @throws UserException if a plugin can't be loaded
     */
    public static VerifierCatalogue catalogue(RunSettings settings) {
        ClassLoader plugins = PluginFolder.loader(settings, VERIFIER_PLUGINS);
        return naming(VERIFIER_PLUGINS, () -> VerifierCatalogue.open(plugins));
    }

    /**
     * Verifiers by their names.
     *
     * @throws UserException if one is missing, or its settings are wrong
     */
    public static List<ConfiguredVerifier> named(RunSettings settings, List<String> names) {
        VerifierCatalogue catalogue = catalogue(settings);
        Map<String, ConfiguredVerifier> known = new RewardFactory(settings).known(catalogue);
        return names.stream()
                .map(name -> find(VERIFIER, name, known, catalogue))
                .toList();
    }

    /** The verifiers with settings, by name. */
    private Map<String, ConfiguredVerifier> known(VerifierCatalogue catalogue) {
        Map<String, ConfiguredVerifier> known = new HashMap<>();
        definitions()
                .forEach((name, values) -> known.put(
                        name,
                        naming(
                                VERIFIER_SETTINGS + name,
                                () -> new VerifierSettings(name, values).verifier(catalogue))));
        return known;
    }

    private Verifiers verifiers(VerifierCatalogue catalogue) {
        Map<String, ConfiguredVerifier> known = known(catalogue);
        Map<String, List<Assignment>> assignments = new HashMap<>();
        byDataset.forEach((dataset, choice) ->
                assignments.put(dataset, assignments(VERIFIER_OF_DATASET + dataset, choice, known, catalogue)));
        return new Verifiers(assignments(VERIFIER, standard, known, catalogue), assignments);
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

    /** A verifier with settings is called by their name; any other by its own. */
    private static ConfiguredVerifier find(
            String where, String name, Map<String, ConfiguredVerifier> known, VerifierCatalogue catalogue) {
        return known.computeIfAbsent(
                name, key -> naming(where, () -> new VerifierSettings(key, Map.of()).verifier(catalogue)));
    }

    /** The settings of verifiers, by name. */
    private SortedMap<String, Map<String, String>> definitions() {
        SortedMap<String, Map<String, String>> definitions = new TreeMap<>();
        settings.verifierSettings().forEach((name, value) -> {
            int dot = name.indexOf('.');
            if (dot < 1) {
                throw new UserException(VERIFIER_SETTINGS + name + " = " + Redactor.value(name, value)
                        + ": settings of a verifier belong under its name, as in " + VERIFIER_SETTINGS + name
                        + ".type");
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
            throw new UserException(setting + ": " + Redactor.text(String.valueOf(e.getMessage())));
        }
    }
}
