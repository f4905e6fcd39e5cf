package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PresetsTest {
    private static final Map<String, String> RUN = Map.of("run", "test");

    private static Configuration load(String preset) {
        return Configuration.load(Path.of("presets", preset), Map.of(), RUN);
    }

    static Stream<String> names() {
        return Presets.names().stream();
    }

    /** Types, bounds and dependencies between settings, and no setting that does not exist. */
    @ParameterizedTest
    @MethodSource("names")
    void shouldLoadEveryPreset(String name) {
        Configuration configuration = load(name);

        assertThat(Presets.of(name)).isNotEmpty();
        assertThat(configuration.preset()).isEqualTo(name);
        assertThat(configuration.notes()).isEmpty();
        assertThat(configuration.changed())
                .as("a preset changes nothing of itself")
                .isEmpty();
        assertThat(RewardFactory.verifiers(configuration.settings()).all()).isNotEmpty();
    }

    /** The scripts of the official code, which the presets name; steps of the 1.5B run by appendix E of the paper. */
    static Stream<Arguments> recipes() {
        Map<String, Object> common = Map.ofEntries(
                Map.entry("estimator", "sppo"),
                Map.entry("sampling.temperature", 0.6),
                Map.entry("sampling.max.tokens", 8192),
                Map.entry("policy.learning.rate", 1e-6),
                Map.entry("policy.max.gradient.norm", 1.0),
                Map.entry("critic.weight.decay", 0.01),
                Map.entry("critic.max.gradient.norm", 1.0),
                Map.entry("clip", 0.2),
                Map.entry("dual.clip", 3.0),
                Map.entry("warmup.steps", 0),
                Map.entry("adam.beta1", 0.9),
                Map.entry("adam.beta2", 0.999),
                Map.entry("kl.penalty", "estimator"),
                Map.entry("lag", 0));
        Map<String, Object> large = Map.of(
                "batch.size", 512,
                "mini.batches", 16,
                "policy.weight.decay", 0.1,
                "critic.learning.rate", 1e-5,
                "dataset.prompt.max.tokens", 2048,
                "loss.mean", "sequence",
                "steps", 200);
        return Stream.of(
                Arguments.of("r1-1.5b-deepscaler", common),
                Arguments.of(
                        "r1-1.5b-deepscaler",
                        Map.of(
                                "batch.size", 256,
                                "mini.batches", 2,
                                "policy.weight.decay", 0.01,
                                "critic.learning.rate", 5e-6,
                                "critic.model", "policy",
                                "dataset.prompt.max.tokens", 1024,
                                "steps", 1000)),
                Arguments.of("r1-7b-dapo", common),
                Arguments.of("r1-7b-dapo", large),
                Arguments.of("r1-7b-dapo", Map.of("critic.model", "policy")),
                Arguments.of("r1-7b-dapo-small-critic", common),
                Arguments.of("r1-7b-dapo-small-critic", large));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void shouldHaveTheNumbersOfThePaper(String name, Map<String, Object> numbers) {
        assertThat(load(name).effective()).containsAllEntriesOf(numbers);
    }

    /** As the scripts differ. */
    @Test
    void shouldDifferInTheCriticAloneWhenItIsSmall() {
        assertThat(Presets.of("r1-7b-dapo-small-critic").entrySet())
                .filteredOn(setting -> !Presets.of("r1-7b-dapo").entrySet().contains(setting))
                .containsExactly(Map.entry("critic.model", "DeepSeek-R1-Distill-Qwen-1.5B"));
    }

    /** What {@link SettingsDefinition} and docs/recipes.md say of the defaults. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "estimator",
                "sampling.temperature",
                "batch.size",
                "mini.batches",
                "policy.learning.rate",
                "policy.weight.decay",
                "policy.max.gradient.norm",
                "critic.learning.rate",
                "critic.weight.decay",
                "critic.max.gradient.norm",
                "warmup.steps",
                "clip",
                "dual.clip",
                "kl.penalty",
                "adam.beta1",
                "adam.beta2"
            })
    void shouldHaveThePapersNumberAsDefault(String setting) {
        assertThat(SettingsDefinition.DEFINITION.defaultValues().get(setting))
                .isEqualTo(load("r1-1.5b-deepscaler").effective().get(setting));
    }
}
