package io.sppostream.estimator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The values of an estimator's settings. Immutable. */
public final class EstimatorSettings {
    private final Map<String, Object> values;

    private EstimatorSettings(Map<String, Object> values) {
        this.values = values;
    }

    /**
     * Reads the values of settings; those that are not given have their defaults.
     *
     * @param settings the settings that there are
     * @param given texts by the names of settings
     * @throws IllegalArgumentException if a name is unknown or a value is not valid; the message says which and why
     */
    public static EstimatorSettings parse(List<EstimatorSetting<?>> settings, Map<String, String> given) {
        Map<String, Object> values = new HashMap<>();
        TreeSet<String> unknown = new TreeSet<>(given.keySet());
        for (EstimatorSetting<?> setting : settings) {
            String text = given.get(setting.name());
            values.put(setting.name(), text == null ? setting.standard() : setting.parse(text));
            unknown.remove(setting.name());
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("there is no setting " + String.join(", ", unknown) + "; "
                    + (settings.isEmpty()
                            ? "there are none"
                            : "there are: "
                                    + settings.stream()
                                            .map(EstimatorSetting::name)
                                            .collect(Collectors.joining(", "))));
        }
        return new EstimatorSettings(values);
    }

    /**
     * The value of a setting.
     *
     * @throws IllegalArgumentException if it is not one of the estimator's settings
     */
    @SuppressWarnings("unchecked") // parse puts only values of the setting's type
    public <T> T get(EstimatorSetting<T> setting) {
        Object value = values.get(setting.name());
        if (value == null) {
            throw new IllegalArgumentException("setting " + setting.name() + " is not described by its factory");
        }
        return (T) value;
    }
}
