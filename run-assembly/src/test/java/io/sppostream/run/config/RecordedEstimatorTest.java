package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.builtin.GrpoEstimator;
import io.sppostream.estimator.builtin.RlooEstimator;
import io.sppostream.log.UserException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Recorded configurations whose estimator is replaced. */
class RecordedEstimatorTest {
    private static final String GRPO = Configuration.load(
                    null,
                    Map.of(),
                    Map.of("run", "r", "estimator", "grpo", "estimator.samples", "16", "estimator.normalize", "false"))
            .toYaml();

    private static AdvantageEstimator replaced(String yaml, Map<String, String> changes) {
        return Configuration.recorded(yaml, changes, Map.of()).settings().estimator();
    }

    @Test
    void shouldKeepTheSettingsOfTheSameEstimator() {
        assertThat(replaced(GRPO, Map.of("estimator", "grpo"))).isEqualTo(new GrpoEstimator(16, false, false, 0.9));
    }

    @Test
    void shouldKeepOnlyTheNumberOfSamplesWhenTheEstimatorIsAnother() {
        assertThat(replaced(GRPO, Map.of("estimator", "rloo"))).isEqualTo(new RlooEstimator(16, 0.001));
        assertThat(replaced(GRPO, Map.of("estimator", "rloo", "estimator.samples", "4", "estimator.kl", "0")))
                .isEqualTo(new RlooEstimator(4, 0));
    }

    @Test
    void shouldFallBackToTheDefaultsWhenTheNumberOfSamplesIsImpossible() {
        String single = Configuration.load(null, Map.of(), Map.of("run", "r")).toYaml();
        assertThat(replaced(single, Map.of("estimator", "grpo")).needs().samples())
                .isEqualTo(8);
        assertThat(replaced(GRPO, Map.of("estimator", "spo-tree")).needs().samples())
                .isEqualTo(6);
    }

    @Test
    void shouldRefuseASettingThatTheOtherEstimatorDoesNotHave() {
        assertThatThrownBy(() -> replaced(GRPO, Map.of("estimator", "rloo", "estimator.normalize", "true")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("normalize");
    }
}
