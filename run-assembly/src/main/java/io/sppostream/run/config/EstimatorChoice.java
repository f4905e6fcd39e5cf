package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.BATCH_SIZE;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_PLUGINS;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_SETTINGS;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.builtin.EstimatorCatalogue;
import io.sppostream.log.UserException;
import java.util.HashMap;
import java.util.Map;

/** The estimator of a configuration: {@code estimator} is its name, and {@code estimator.*} are its settings. */
final class EstimatorChoice {
    private static final String SAMPLES = ESTIMATOR_SETTINGS + "samples";

    private EstimatorChoice() {}

    /**
     * The estimator.
     *
     * @throws UserException if there is none of that name, or a setting is unknown or not valid
     */
    static AdvantageEstimator of(RunSettings settings) {
        try {
            return EstimatorCatalogue.open(PluginFolder.loader(settings, ESTIMATOR_PLUGINS))
                    .create(settings.getString(ESTIMATOR), settings.estimatorSettings());
        } catch (IllegalArgumentException e) {
            throw new UserException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Recorded settings with changes. If these name another estimator, the settings of the recorded one do not hold, except
     * for the number of samples, if the other one takes it.
     */
    static Map<String, String> replaced(Map<String, String> recorded, Map<String, String> changes) {
        Map<String, String> values = new HashMap<>(recorded);
        values.putAll(changes);
        // A former version recorded no estimator: there was one only.
        String fallback =
                String.valueOf(SettingsDefinition.DEFINITION.defaultValues().get(ESTIMATOR));
        if (values.getOrDefault(ESTIMATOR, fallback).equals(recorded.getOrDefault(ESTIMATOR, fallback))) {
            return values;
        }
        values.keySet()
                .removeIf(name -> name.startsWith(ESTIMATOR_SETTINGS)
                        && !SettingsDefinition.DEFINITION.names().contains(name)
                        && !changes.containsKey(name));
        Map<String, String> sameSamples = new HashMap<>(values);
        sameSamples.putIfAbsent(SAMPLES, Integer.toString(new RunSettings(recorded).samples()));
        try {
            of(new RunSettings(sameSamples));
            return sameSamples;
        } catch (UserException e) {
            return values;
        }
    }

    /**
     * Checks that a step has whole groups.
     *
     * @throws UserException if it has not
     */
    static void requireWholeGroups(RunSettings settings) {
        int samples = settings.samples();
        int batch = settings.batchSize();
        if (batch % samples != 0) {
            int below = batch / samples * samples;
            throw new UserException(BATCH_SIZE + " = " + batch + ": a step trains whole groups, and "
                    + settings.estimator().name() + " samples " + samples
                    + " rollouts per prompt (estimator.samples); the next multiples are "
                    + (below == 0 ? "" : below + " and ") + (below + samples));
        }
    }
}
