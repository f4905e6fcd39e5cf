package io.sppostream.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class VerifiersTest {
    @Test
    void shouldFindBuiltInVerifiersWhenNamed() {
        Verifiers verifiers = Verifiers.named("exact", Map.of("addition", "exact"));

        assertThat(verifiers.of("addition").name()).isEqualTo("exact");
        assertThat(verifiers.of("another").name()).isEqualTo("exact");
    }

    @Test
    void shouldSayWhichThereAreWhenANameIsUnknown() {
        assertThatThrownBy(() -> Verifiers.named("exact", Map.of("gsm8k", "oracle")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no verifier 'oracle'; there are: exact");
    }
}
