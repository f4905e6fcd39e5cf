package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSetting;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class EstimatorCatalogueTest {
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    static List<EstimatorFactory> factories() {
        return CATALOGUE.factories();
    }

    @Test
    void shouldHoldTheEstimatorsOfThePapersWhenOpened() {
        assertThat(factories())
                .extracting(EstimatorFactory::name)
                .containsExactly(
                        "sppo",
                        "ppo",
                        "grpo",
                        "rloo",
                        "remax",
                        "vineppo",
                        "spo-chain",
                        "spo-tree",
                        "restem",
                        "dpo-positive");
    }

    @ParameterizedTest
    @MethodSource("factories")
    void shouldGiveTheSameEstimatorWhenDefaultsAreSpelledOut(EstimatorFactory factory) {
        Map<String, String> spelledOut = new HashMap<>();
        factory.settings().forEach(setting -> spelledOut.put(setting.name(), setting.printedDefault()));

        AdvantageEstimator estimator = CATALOGUE.create(factory.name(), Map.of());

        assertThat(CATALOGUE.create(factory.name(), spelledOut)).isEqualTo(estimator);
        assertThat(estimator.name()).isEqualTo(factory.name());
    }

    @ParameterizedTest
    @MethodSource("factories")
    void shouldDescribeEverySettingWhenListed(EstimatorFactory factory) {
        assertThat(factory.settings()).extracting(EstimatorSetting::name).doesNotHaveDuplicates();
        assertThat(factory.settings()).allSatisfy(setting -> {
            assertThat(setting.name()).matches("[a-z]+(\\.[a-z]+)*");
            assertThat(setting.type()).isIn("int", "double", "boolean", "string");
            assertThat(setting.bounds()).isNotBlank();
            assertThat(setting.description()).endsWith(".").doesNotContain("|");
        });
    }

    @Test
    void shouldNameAllWhenThereIsNoSuchEstimator() {
        assertThatThrownBy(() -> CATALOGUE.create("gpro", Map.of()))
                .hasMessage("there is no estimator 'gpro'; there are: sppo, ppo, grpo, rloo, remax, vineppo,"
                        + " spo-chain, spo-tree, restem, dpo-positive");
    }

    @Test
    void shouldNameAllWhenThereIsNoSuchSetting() {
        assertThatThrownBy(() -> CATALOGUE.create("rloo", Map.of("sampels", "5")))
                .hasMessage("estimator 'rloo': there is no setting sampels; there are: samples, kl");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "rloo; samples; five; not a valid int; valid are: from 2 to 1024",
                "rloo; samples; 1; not a valid int; valid are: from 2 to 1024",
                "rloo; kl; NaN; not a valid double; valid are: from 0 to 1000",
                "grpo; mask; yes; not a valid boolean; valid are: true, false",
                "spo-chain; partition; halves; not a valid string; valid are: cutpoints, fixed",
                "spo-tree; branches; 6-x; not a valid string; valid are: 1 to 8 integers from 1 to 64, separated by"
                        + " hyphens",
                "vineppo; separator; ''; not a valid string; valid are: not empty, \\n is a line feed and \\t a tab"
            })
    void shouldSayWhatIsValidWhenAValueIsNot(
            String estimator, String setting, String value, String reason, String valid) {
        assertThatThrownBy(() -> CATALOGUE.create(estimator, Map.of(setting, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("estimator '" + estimator + "': " + setting + " = " + value + ": " + reason + "; " + valid);
    }

    @Test
    void shouldReadListsAndLineFeedsWhenTheyAreWritten() {
        assertThat(CATALOGUE
                        .create("spo-tree", Map.of("branches", "4-2"))
                        .needs()
                        .samples())
                .isEqualTo(4);
        assertThat(((VinePpoEstimator) CATALOGUE.create("vineppo", Map.of("separator", "\\n\\n"))).separator())
                .isEqualTo("\n\n");
    }

    @Test
    void shouldNeedWhatItReadsWhenSettingsSaySo() {
        assertThat(CATALOGUE.create("grpo", Map.of()).needs().logProbs()).isFalse();
        assertThat(CATALOGUE.create("grpo", Map.of("mask", "true")).needs().logProbs())
                .isTrue();
    }
}
