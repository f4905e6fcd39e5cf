package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceCheckTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "34",
                "27.0",
                "2 \\cdot 10^{22}",
                "20000000000000000000000",
                "1{,}008{,}016",
                "\\$1,250.50",
                "(-\\infty, 2) \\cup (3, \\infty)",
                "\\begin{pmatrix} 0 & 1 \\\\ 1 & 0 \\end{pmatrix}",
                "f(x) = 1 \\text{ or } f(x) = 2x - 1.",
                "n = 1 \\text{ or } n \\equiv 2 \\pmod{4}",
                "\\text{two lines}",
                "9\\text{ min}",
                "4:40 a.m.",
                "1, 2, \\ldots, 2008",
                "-\\frac{8}{3} \\text{ cm}^2",
                "\\boxed{\\frac{1}{667}} .",
            })
    void shouldPassWhenAReferenceIsWellFormed(String reference) {
        assertThat(ReferenceCheck.check(reference).reason()).isEmpty();
        assertThat(ReferenceCheck.check(reference).wellFormed()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "22099999999999998951424 | float-rounded",
                "105263157894736848 | float-rounded",
                "7.714285714285714 | float-rounded",
                "\\frac{1}{2 | unparseable",
                "77\\% of 250.00 | unparseable",
                "'' | unparseable",
                "\\tan \\frac{\\pi}{2}+ | unparseable",
            })
    void shouldQuarantineWhenAReferenceIsUnfit(String reference, String reason) {
        assertThat(ReferenceCheck.check(reference).reason()).isEqualTo(reason);
        assertThat(ReferenceCheck.check(reference).wellFormed()).isFalse();
    }
}
