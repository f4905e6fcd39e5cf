package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.VERIFIER;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_PLUGINS;
import static io.sppostream.run.config.SettingsDefinition.VERIFIER_SETTINGS;

import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import io.sppostream.verify.VerifierCatalogue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The verifiers of a recorded configuration, in a process that did not write the record. Whoever can write to the log can
 * write a record that names a folder of plugins to load, or an address to send prompts and responses to. Such settings
 * hold only if the user trusts the record, or gives them. Secrets are missing in the record in any case.
 */
public final class RecordedVerifiers {
    private static final Set<String> BUILT_FOR_ALL = Set.of("http", "external", "outside");

    private final Configuration configuration;
    private final Map<String, String> values;
    private final SortedMap<String, List<String>> refused = new TreeMap<>();
    private final SortedMap<String, List<String>> missing = new TreeMap<>();

    /**
     * Examines a recorded configuration.
     *
     * @param recorded the recorded configuration, with the user's changes
     * @param own what the user gives: file, environment and flags
     * @param changes the user's changes, by name of the setting
     * @param trusted whether plugins and addresses of the record may be used
     */
    public RecordedVerifiers(Configuration recorded, Configuration own, Map<String, String> changes, boolean trusted) {
        Map<String, String> all = new HashMap<>();
        recorded.settings().originals().forEach((name, value) -> all.put(name, String.valueOf(value)));
        Set<String> used = used(recorded.settings());
        String plugins = recorded.settings().getString(VERIFIER_PLUGINS);
        boolean foreignPlugins = !trusted
                && !changes.containsKey(VERIFIER_PLUGINS)
                && !plugins.equals(own.settings().getString(VERIFIER_PLUGINS));
        if (foreignPlugins) {
            all.put(VERIFIER_PLUGINS, own.settings().getString(VERIFIER_PLUGINS));
        }
        for (String name : all.keySet()) {
            if (name.startsWith(VERIFIER_SETTINGS) && !changes.containsKey(name)) {
                String verifier = verifier(name);
                String value = all.getOrDefault(name, "");
                if (value.contains(Redactor.HIDDEN)) {
                    missing.computeIfAbsent(verifier, key -> new ArrayList<>()).add(name);
                } else if (!trusted && isAddress(name, value)) {
                    refused.computeIfAbsent(verifier, key -> new ArrayList<>()).add(name + " = " + value);
                }
            }
        }
        Set<String> names = new TreeSet<>(used);
        all.keySet().stream()
                .filter(name -> name.startsWith(VERIFIER_SETTINGS))
                .map(RecordedVerifiers::verifier)
                .forEach(names::add);
        if (foreignPlugins) {
            VerifierCatalogue mine = RewardFactory.catalogue(own.settings());
            for (String name : names) {
                String type = all.getOrDefault(VERIFIER_SETTINGS + name + ".type", name);
                if (!BUILT_FOR_ALL.contains(type) && !mine.has(type)) {
                    refused.computeIfAbsent(name, key -> new ArrayList<>())
                            .add(VERIFIER_PLUGINS + " = " + plugins + " (for verifier " + name + ")");
                }
            }
        }
        // Verifiers that nothing asks need not be there.
        Stream.of(refused, missing).forEach(found -> {
            found.keySet().stream().filter(name -> !used.contains(name)).forEach(name -> remove(name, all));
            found.keySet().retainAll(used);
        });
        this.values = all;
        this.configuration = recorded;
    }

    private static boolean isAddress(String name, String value) {
        return name.endsWith(".url") || value.contains("://");
    }

    private static String verifier(String setting) {
        String name = setting.substring(VERIFIER_SETTINGS.length());
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    private static void remove(String verifier, Map<String, String> settings) {
        settings.keySet()
                .removeIf(name ->
                        name.startsWith(VERIFIER_SETTINGS) && verifier(name).equals(verifier));
    }

    private static Set<String> used(RunSettings settings) {
        Set<String> used = new TreeSet<>();
        Stream.concat(Stream.of(settings.getString(VERIFIER)), settings.verifiersOfDatasets().values().stream())
                .map(text -> orNothing(() -> RewardExpression.parse(text)))
                .flatMap(List::stream)
                .forEach(expression -> {
                    used.addAll(expression.combination().verifiers());
                    used.addAll(expression.shadows());
                });
        return used;
    }

    /** A malformed expression is reported where it is used. */
    private static List<RewardExpression> orNothing(Supplier<RewardExpression> reading) {
        try {
            return List.of(reading.get());
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    /**
     * The configuration for judging again.
     *
     * @throws UserException if a verifier in use needs a plugin, an address or a secret that only the record could give
     */
    public Configuration required() {
        if (!refused.isEmpty()) {
            throw new UserException("the record of the run names what this replay would load or contact: "
                    + joined(refused) + "; give --trust-recorded-plugins to allow it, or your own values as --set"
                    + " SETTING=VALUE");
        }
        if (!missing.isEmpty()) {
            throw new UserException("secrets are not recorded: give your own values of " + joined(missing)
                    + " in --config or in the environment");
        }
        return configuration();
    }

    /**
     * The configuration for a replay that does not judge again. Verifiers that it cannot ask count as external, so that
     * held-out accuracy is not measured by them.
     */
    public Configuration withoutMissing() {
        TreeSet<String> external = new TreeSet<>(refused.keySet());
        external.addAll(missing.keySet());
        external.forEach(name -> {
            remove(name, values);
            values.put(VERIFIER_SETTINGS + name + ".type", "external");
        });
        return configuration();
    }

    private Configuration configuration() {
        return new Configuration(new RunSettings(values), configuration.kafkaProperties(), configuration.notes(), "");
    }

    private static String joined(SortedMap<String, List<String>> found) {
        return String.join(
                ", ",
                new TreeSet<>(found.values().stream()
                        .flatMap(List::stream)
                        .map(Redactor::text)
                        .toList()));
    }
}
