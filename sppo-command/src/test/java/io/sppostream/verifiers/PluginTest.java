package io.sppostream.verifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.events.VerdictStatus;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.RunningVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The example plugin. Its class is only in its jar. */
class PluginTest {
    @TempDir
    static Path plugins = Path.of("");

    @BeforeAll
    static void build() throws IOException {
        PluginJar.build(plugins);
    }

    private static ConfiguredVerifier configured(Map<String, String> settings) {
        Map<String, String> flags = new HashMap<>(settings);
        flags.put("run", "test");
        flags.put("verifier", "word-limit");
        flags.put("verifier.plugins", plugins.toString());
        return RewardFactory.verifiers(Configuration.load(null, Map.of(), flags).settings())
                .of("any")
                .get(0)
                .verifier();
    }

    private static Judgement judgement(ConfiguredVerifier verifier, String text) {
        try (RunningVerifier judge = verifier.start()) {
            return judge.judge(Rollouts.of("r-1", "any", text, "42")).join();
        }
    }

    @Test
    void shouldJudgeAndSignWithSettingsWhenThePluginIsConfigured() {
        ConfiguredVerifier two = configured(Map.of("verifiers.word-limit.settings.most", "2"));

        assertThat(judgement(two, "forty two")).isEqualTo(Judgement.correct("2 words", "within-limit"));
        assertThat(judgement(two, "it is 42"))
                .isEqualTo(Judgement.wrong(VerdictStatus.INCORRECT, "3 words", "too-long"));
        assertThat(two.settings()).isEqualTo(Map.of("most", "2"));
        assertThat(two.isAsync())
                .as("on threads of its own, as it is not built in")
                .isTrue();
        assertThat(judgement(configured(Map.of()), "it is 42")).isEqualTo(Judgement.correct("3 words", "within-limit"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "settings.most | many | most = many: not a number of words",
                "settings.least | 1 | it takes one setting, most, but got [least]",
                "url | http://host/ | url is not a setting of a verifier of this type",
            })
    void shouldRefuseSettingsInOneLineWhenTheyAreWrong(String setting, String value, String reason) {
        assertThatThrownBy(() -> configured(Map.of("verifiers.word-limit." + setting, value)))
                .isInstanceOf(UserException.class)
                .hasMessage("verifiers.word-limit: " + reason);
    }

    @Test
    void shouldBeQuotedWordForWordWhenThePageShowsIt() throws IOException {
        assertThat(Files.readString(Path.of("../docs/verifiers.md")))
                .contains("```java\n" + Files.readString(PluginJar.SOURCE) + "```\n");
    }
}
