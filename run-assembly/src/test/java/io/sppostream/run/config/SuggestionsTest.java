package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuggestionsTest {
    @ParameterizedTest
    @CsvSource({
        "batchsize, batch.size",
        "stpes, steps",
        "lga, lag",
        "policy.learning.rat, policy.learning.rate",
        "smpling.tempratur, sampling.temperature"
    })
    void shouldFindTheNearest(String name, String meant) {
        assertThat(Suggestions.near(name, SettingsDefinition.names())).containsExactly(meant);
    }

    @Test
    void shouldFindAllThatAreEquallyNear() {
        assertThat(Suggestions.near("adam.beta", SettingsDefinition.names()))
                .containsExactly("adam.beta1", "adam.beta2");
    }

    @Test
    void shouldFindTheNamesThatAGivenOneIsAPartOf() {
        assertThat(Suggestions.near("learning.rate", SettingsDefinition.names()))
                .containsExactly("critic.learning.rate", "policy.learning.rate");
        assertThat(Suggestions.near("temperature", SettingsDefinition.names()))
                .containsExactly("eval.temperature", "sampling.temperature");
    }

    @ParameterizedTest
    @ValueSource(strings = {"xyz", "epochs", "gpu.memory.utilization", "n", ""})
    void shouldSuggestNothingAbsurd(String name) {
        assertThat(Suggestions.near(name, SettingsDefinition.names())).isEmpty();
        assertThat(Suggestions.question(name, SettingsDefinition.names())).isEmpty();
    }

    @Test
    void shouldAskInOneLine() {
        assertThat(Suggestions.asked(List.of("a", "b"))).isEqualTo("; did you mean 'a' or 'b'?");
    }
}
