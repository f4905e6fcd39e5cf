package io.sppostream.run.config;

import io.sppostream.log.UserException;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Names of settings: which there are, and what they were called in former versions. */
final class SettingNames {
    /** Current names by former ones. Configurations of old runs on the log have the former ones for good. */
    static final SortedMap<String, String> FORMER = new TreeMap<>(Map.of(
            "policy.gradient.norm", SettingsDefinition.POLICY_MAX_GRADIENT_NORM,
            "critic.gradient.norm", SettingsDefinition.CRITIC_MAX_GRADIENT_NORM));

    private SettingNames() {}

    /**
     * Checks that there is a setting.
     *
     * @param where the source of the setting, for the message
     * @throws UserException if there is none of that name, with the nearest names
     */
    static void require(String name, String where) {
        if (name.startsWith(SettingsDefinition.KAFKA)) {
            KafkaProperties.require(name.substring(SettingsDefinition.KAFKA.length()), where);
        } else if (!exists(name)) {
            String question = Suggestions.question(name, SettingsDefinition.names());
            throw new UserException("there is no setting '" + name + "' (" + where + ")"
                    + (question.isEmpty() ? "; ./sppo config lists all" : question));
        }
    }

    /** Whether there is a setting of that name, other than a property of a client. */
    static boolean exists(String name) {
        return SettingsDefinition.names().contains(name)
                || name.startsWith(SettingsDefinition.VERIFIER_OF_DATASET)
                || name.startsWith(SettingsDefinition.VERIFIER_SETTINGS)
                || name.startsWith(SettingsDefinition.ESTIMATOR_SETTINGS);
    }

    /** The former names among those given, with the current ones. */
    static SortedMap<String, String> formerIn(Map<String, String> given) {
        SortedMap<String, String> former = new TreeMap<>(FORMER);
        former.keySet().retainAll(given.keySet());
        return former;
    }

    /**
     * The same settings by their current names.
     *
     * @param where their source, for the message
     * @return a map of its own, to change at will
     * @throws UserException if a setting is given by both names
     */
    static Map<String, String> current(Map<String, String> given, String where) {
        Map<String, String> current = new HashMap<>(given);
        formerIn(given).forEach((former, name) -> {
            if (given.containsKey(name)) {
                throw new UserException("'" + former + "' is the former name of '" + name + "', and both are given ("
                        + where + "): remove the former");
            }
            current.put(name, given.get(former));
            current.remove(former);
        });
        return current;
    }
}
