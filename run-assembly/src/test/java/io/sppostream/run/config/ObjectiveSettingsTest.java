package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.TrainingRecipe;
import io.sppostream.estimator.TrainingRecipe.BatchTransform;
import io.sppostream.estimator.TrainingRecipe.KlPenalty;
import io.sppostream.estimator.TrainingRecipe.KlPenalty.Place;
import io.sppostream.learn.update.LossMean;
import io.sppostream.learn.update.PolicyObjective;
import io.sppostream.log.UserException;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;

class ObjectiveSettingsTest {
    private static final TrainingRecipe SPO =
            TrainingRecipe.policyGradient().whitened().withKl(Place.SEQUENCE_LOSS, 1e-4);

    private static RunSettings settings(Map<String, String> given) {
        Map<String, String> values = new HashMap<>(given);
        values.put(SettingsDefinition.RUN, "r");
        return new RunSettings(values);
    }

    private static PolicyObjective objective(TrainingRecipe recipe, Map<String, String> given) {
        return ObjectiveSettings.objective(recipe, settings(given));
    }

    @Test
    void shouldTrainAsSppoDoesByDefault() {
        assertThat(settings(Map.of()).policyUpdate().objective()).isEqualTo(PolicyObjective.SPPO);
    }

    @Test
    void shouldFollowTheRecipeWhenNothingIsSet() {
        assertThat(objective(SPO, Map.of())).isEqualTo(PolicyObjective.of(SPO, LossMean.TOKEN));
    }

    @Test
    void shouldReplaceTheRecipeByWhatIsSet() {
        PolicyObjective objective = objective(
                SPO,
                Map.of(
                        "loss.mean", "sequence",
                        "advantages.whiten", "false",
                        "kl.penalty", "token-reward",
                        "kl.coefficient", "0.05"));

        assertThat(objective.mean()).isEqualTo(LossMean.SEQUENCE);
        assertThat(objective.transform()).isEqualTo(BatchTransform.NONE);
        assertThat(objective.kl()).isEqualTo(new KlPenalty(Place.TOKEN_REWARD, 0.05));
        assertThat(objective(TrainingRecipe.policyGradient(), Map.of("advantages.whiten", "true"))
                        .transform())
                .isEqualTo(BatchTransform.WHITEN);
    }

    @Test
    void shouldHaveNoPenaltyWhenItsCoefficientIsZero() {
        assertThat(objective(SPO, Map.of("kl.penalty", "token-loss", "kl.coefficient", "0"))
                        .kl())
                .isEqualTo(KlPenalty.NONE);
        assertThat(objective(SPO, Map.of("kl.penalty", "none")).kl()).isEqualTo(KlPenalty.NONE);
    }

    @Test
    void shouldNameTheSettingsWhenTheyDoNotFitTheObjective() {
        TrainingRecipe supervised = TrainingRecipe.of(new TrainingRecipe.Supervised());

        assertThatThrownBy(() -> objective(supervised, Map.of("advantages.whiten", "true")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("advantages.whiten=true");
        assertThatThrownBy(() -> settings(Map.of("kl.penalty", "k2")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("sequence-loss");
    }
}
