package io.sppostream.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import io.sppostream.run.Budget;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CellSettingsTest {
    private static final Budget BUDGET = Budget.ofRollouts(20_000);

    private static CellSettings settings(Map<String, String> common, Budget budget) {
        return new CellSettings(null, Map.of(), common, Path.of("out"), budget);
    }

    private static Cell cell(String variant) {
        return new Cell(Variant.parse(variant).get(0), 1e-3, 2);
    }

    private static CellResult recorded(Map<String, String> settings) {
        CellResult other = Results.of(1e-3, 1, 0.5);
        return new CellResult(
                settings, other.evaluations(), 1e-3, 0, other.secondsByRole(), null, other.explainedVariance());
    }

    @Test
    void shouldGiveEachRunItsSettingsAndPlaces() {
        assertThat(settings(Map.of("lag", "1"), BUDGET).given(cell("m=grpo[mask=true,batch.size=256]")))
                .isEqualTo(Map.of(
                        "run", "compare-m-1e-3-s2",
                        "seed", "2",
                        "estimator", "grpo",
                        "estimator.mask", "true",
                        "batch.size", "256",
                        "lag", "1",
                        "policy.learning.rate", "0.001",
                        "steps", "79", // 78.125 batches of 256
                        "runs.dir", "out",
                        "data.dir", Path.of("out/compare-m-1e-3-s2/data").toString()));
    }

    @Test
    void shouldLeaveTheEndToTheClockWhenTheBudgetIsOneOfTime() {
        assertThat(settings(Map.of(), Budget.ofSeconds(60)).given(cell("sppo"))).containsEntry("steps", "1000000");
    }

    @Test
    void shouldSpendABudgetInWholeGroups() {
        // rloo samples 5 responses: the preset's batch of 512 becomes 510.
        assertThat(settings(Map.of(), Budget.ofRollouts(5_100)).given(cell("rloo")))
                .containsEntry("steps", "10");
    }

    @Test
    void shouldRecognizeARunByItsConfiguration() {
        CellSettings settings = settings(Map.of(), BUDGET);
        Map<String, String> before = new HashMap<>();
        settings.configuration(cell("sppo")).effective().forEach((name, value) -> before.put(name, value.toString()));
        before.putAll(Map.of("steps", "10", "runs.dir", "elsewhere"));
        assertThat(settings.differences(cell("sppo"), recorded(before))).isEmpty();

        before.put("lag", "3");
        before.put("eval.interval", "7");
        assertThat(settings.differences(cell("sppo"), recorded(before)))
                .isEqualTo(List.of("eval.interval: 7 -> 20", "lag: 3 -> 0"));
    }

    @Test
    void shouldRefuseWhatTheComparisonDecides() {
        assertThatThrownBy(() -> settings(Map.of("seed", "3"), BUDGET))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'seed'");
        assertThatThrownBy(() -> settings(Map.of(), BUDGET).given(cell("sppo[steps=3]")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'steps'");
        assertThatThrownBy(() ->
                        settings(Map.of("policy.learning.rate", "0.1"), BUDGET).given(cell("sppo")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("--rates");
    }

    @Test
    void shouldNameASettingThatThereIsNot() {
        assertThatThrownBy(() -> settings(Map.of(), BUDGET).given(cell("grpo[maks=true]")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("maks");
    }
}
