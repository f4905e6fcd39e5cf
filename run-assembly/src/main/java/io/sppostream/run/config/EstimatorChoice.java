package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.BATCH_SIZE;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR;
import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_PLUGINS;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Needs;
import io.sppostream.estimator.builtin.EstimatorCatalogue;
import io.sppostream.log.UserException;
import java.util.ArrayList;
import java.util.List;

/** The estimator of a configuration: {@code estimator} is its name, and {@code estimator.*} are its settings. */
public final class EstimatorChoice {
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

    /**
     * Checks that the roles can do what the estimator asks for.
     *
     * @throws UserException naming what they cannot do
     */
    public static void requireWired(AdvantageEstimator estimator) {
        Needs needs = estimator.needs();
        List<String> missing = new ArrayList<>();
        if (needs.followUps()) {
            missing.add("follow-ups");
        }
        if (needs.tokenText()) {
            missing.add("the text of each token");
        }
        if (!missing.isEmpty()) {
            throw new UserException("estimator '" + estimator.name() + "' needs " + String.join(" and ", missing)
                    + ", which are not wired in yet (docs/estimators.md)");
        }
    }
}
