package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordedVerifiersTest {
    private static final Configuration OWN = Configuration.load(null, Map.of(), Map.of("run", "r"));

    private static RecordedVerifiers recorded(Map<String, String> given, Map<String, String> changes, boolean trusted) {
        Map<String, String> withRun = new HashMap<>(given);
        withRun.put("run", "source");
        String yaml = Configuration.load(null, Map.of(), withRun).toYaml();
        return new RecordedVerifiers(Configuration.recorded(yaml, changes, Map.of()), OWN, changes, trusted);
    }

    private static Map<String, String> service(String authorization) {
        return Map.of(
                "verifier",
                "judge",
                "verifiers.judge.type",
                "http",
                "verifiers.judge.url",
                "http://elsewhere/judge",
                "verifiers.judge.authorization",
                authorization);
    }

    @Test
    void shouldRefuseAddressesOfTheRecordUnlessTrustedOrGiven() {
        assertThatThrownBy(recorded(service(""), Map.of(), false)::required)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("verifiers.judge.url = http://elsewhere/judge")
                .hasMessageContaining("--trust-recorded-plugins");
        assertThat(recorded(service(""), Map.of(), true).required().settings().verifierSettings())
                .containsEntry("judge.url", "http://elsewhere/judge");
        assertThat(recorded(service(""), Map.of("verifiers.judge.url", "http://mine"), false)
                        .required()
                        .settings()
                        .verifierSettings())
                .containsEntry("judge.url", "http://mine");
    }

    @Test
    void shouldAskForSecretsThatAreNotRecorded() {
        assertThatThrownBy(recorded(service("hunter2"), Map.of(), true)::required)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("verifiers.judge.authorization")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void shouldRefusePluginsOfTheRecord() {
        Map<String, String> plugin = Map.of("verifier", "word-limit", "verifier.plugins", "/elsewhere/jars");

        assertThatThrownBy(recorded(plugin, Map.of(), false)::required)
                .isInstanceOf(UserException.class)
                .hasMessageContaining("verifier.plugins = /elsewhere/jars (for verifier word-limit)");
        assertThat(recorded(plugin, Map.of(), true).required().settings().getString("verifier.plugins"))
                .isEqualTo("/elsewhere/jars");
        assertThat(recorded(plugin, Map.of("verifier.plugins", "/mine"), false)
                        .required()
                        .settings()
                        .getString("verifier.plugins"))
                .isEqualTo("/mine");
        assertThat(recorded(plugin, Map.of("verifier", "math"), false)
                        .required()
                        .settings()
                        .getString("verifier.plugins"))
                .as("not needed, hence not loaded")
                .isEqualTo("plugins");
    }

    @Test
    void shouldRefuseAddressesInSettingsOfPlugins() {
        assertThatThrownBy(recorded(
                        Map.of("verifier", "math", "verifiers.math.settings.endpoint", "http://elsewhere"),
                        Map.of(),
                        false)::required)
                .hasMessageContaining("verifiers.math.settings.endpoint");
    }

    @Test
    void shouldCallVerifiersExternalThatAReplayWithoutJudgingCannotAsk() {
        Configuration configuration =
                recorded(service("hunter2"), Map.of(), false).withoutMissing();

        assertThat(configuration.settings().verifierSettings()).isEqualTo(Map.of("judge.type", "external"));
    }

    @Test
    void shouldDropAddressesOfVerifiersThatNothingAsks() {
        assertThat(recorded(service("hunter2"), Map.of("verifier", "math"), false)
                        .required()
                        .settings()
                        .verifierSettings())
                .isEmpty();
    }
}
