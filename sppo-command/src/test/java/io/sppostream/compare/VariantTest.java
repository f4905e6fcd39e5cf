package io.sppostream.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariantTest {
    private static Variant variant(String name, String estimator, Map<String, String> settings) {
        return new Variant(name, estimator, new TreeMap<>(settings));
    }

    @Test
    void shouldReadEstimatorsWithSettingsAndNames() {
        assertThat(Variant.parse("sppo, grpo[mask=true,threshold=0.8],dr=grpo[normalize=false],"
                        + "judged=sppo[verifier=first(math, exact)]"))
                .containsExactly(
                        variant("sppo", "sppo", Map.of()),
                        variant("grpo[mask=true,threshold=0.8]", "grpo", Map.of("mask", "true", "threshold", "0.8")),
                        variant("dr", "grpo", Map.of("normalize", "false")),
                        variant("judged", "sppo", Map.of("verifier", "first(math, exact)")));
    }

    @Test
    void shouldNameTheRunOfACellByWhatDistinguishesIt() {
        Variant masked = Variant.parse("grpo[mask=true]").get(0);

        assertThat(new Cell(masked, 5e-4, 2).run()).isEqualTo("compare-grpo-mask-true-5e-4-s2");
        assertThat(new Cell(masked, 1.25e-4, 2).run()).isEqualTo("compare-grpo-mask-true-1_25e-4-s2");
        assertThat(new Cell(masked, null, 2).run()).isEqualTo("compare-grpo-mask-true-s2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sppo,", "sppo,,grpo", "grpo[mask]", "grpo[mask=true", "=grpo", "grpo[=true]"})
    void shouldRefuseWhatIsMalformed(String text) {
        assertThatThrownBy(() -> Variant.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("--estimators: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"sppo,sppo", "a=sppo,a=grpo", "grpo[threshold=0.8],grpo[threshold=0_8],grpo[threshold=0-8]"})
    void shouldRefuseVariantsWhoseRunsWouldHaveTheSameName(String text) {
        assertThatThrownBy(() -> Variant.parse(text))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("too much alike");
    }
}
