package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class VerifiersTest {
    @Test
    void shouldFindBuiltInVerifiersWhenNamed() {
        Verifiers verifiers = Verifiers.named("exact", Map.of("gsm8k", "math:gsm8k", "math500", "math"));

        assertThat(verifiers.of("gsm8k").name()).isEqualTo("math:gsm8k");
        assertThat(verifiers.of("math500").name()).isEqualTo("math");
        assertThat(verifiers.of("another").name()).isEqualTo("exact");
    }

    @Test
    void shouldSayWhichThereAreWhenANameIsUnknown() {
        assertThatThrownBy(() -> Verifiers.named("exact", Map.of("gsm8k", "oracle")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "there is no verifier 'oracle'; there are: exact, math, math:gsm8k, math:exact, math:choice,"
                                + " math:sppo-compat");
    }
}
