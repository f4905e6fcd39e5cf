package io.sppostream.run.config;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.BatchTransform;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import io.sppostream.learn.update.LossMean;
import io.sppostream.learn.update.PolicyObjective;
import io.sppostream.log.UserException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;

/** The settings that replace parts of an estimator's recipe, and the names of their values. */
final class ObjectiveSettings {
    /** The value of a setting that leaves the choice to the estimator. */
    static final String ESTIMATOR = "estimator";

    private ObjectiveSettings() {}

    /** The name of a value: {@code token-loss} for TOKEN_LOSS. */
    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The names of values, in their order. */
    static String[] names(Enum<?>[] values) {
        return Arrays.stream(values).map(ObjectiveSettings::name).toArray(String[]::new);
    }

    /** The values of {@code kl.penalty}. */
    static String[] penalties() {
        return Stream.concat(Stream.of(ESTIMATOR), Arrays.stream(names(KlPenalty.Place.values())))
                .toArray(String[]::new);
    }

    /**
     * The objective of the policy: the estimator's recipe, with the parts that settings replace.
     *
     * @throws UserException if the parts do not fit each other
     */
    static PolicyObjective objective(TrainingRecipe recipe, RunSettings settings) {
        String whiten = settings.getString(SettingsDefinition.ADVANTAGES_WHITEN);
        String penalty = settings.getString(SettingsDefinition.KL_PENALTY);
        BatchTransform transform = switch (whiten) {
            case ESTIMATOR -> recipe.transform();
            case "true" -> BatchTransform.WHITEN;
            default -> BatchTransform.NONE;
        };
        KlPenalty kl = penalty.equals(ESTIMATOR)
                ? recipe.kl()
                : KlPenalty.of(
                        valueOf(KlPenalty.Place.class, penalty), settings.getDouble(SettingsDefinition.KL_COEFFICIENT));
        LossMean mean = valueOf(LossMean.class, settings.getString(SettingsDefinition.LOSS_MEAN));
        try {
            return new PolicyObjective(recipe.objective(), transform, kl, mean);
        } catch (IllegalArgumentException e) {
            throw new UserException(e.getMessage() + " (" + SettingsDefinition.ADVANTAGES_WHITEN + "=" + whiten + ", "
                    + SettingsDefinition.KL_PENALTY + "=" + penalty + ")");
        }
    }

    private static <E extends Enum<E>> E valueOf(Class<E> type, String name) {
        return Enum.valueOf(type, name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
