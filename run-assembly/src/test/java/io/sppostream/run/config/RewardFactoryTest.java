package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.Combination.Rule;
import io.sppostream.advantage.RewardRules;
import io.sppostream.log.UserException;
import io.sppostream.verify.AttemptPolicy;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.HttpService;
import io.sppostream.verify.Verifiers;
import io.sppostream.verify.Verifiers.Assignment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RewardFactoryTest {
    @TempDir
    private Path directory;

    private Configuration yaml(String yaml) throws IOException {
        Path file = Files.writeString(directory.resolve("run.yaml"), yaml);
        return Configuration.load(file, Map.of(), Map.of("run", "test"));
    }

    private static Configuration flags(Map<String, String> flags) {
        Map<String, String> all = new HashMap<>(flags);
        all.put("run", "test");
        return Configuration.load(null, Map.of(), all);
    }

    @Test
    void shouldTakeOneVerifierForAllDatasets() throws IOException {
        RunSettings settings = yaml("verifier: math\n").settings();

        assertThat(RewardFactory.rewards(settings)).isEqualTo(RewardRules.by("math"));
        assertThat(RewardFactory.verifiers(settings).of("anything"))
                .extracting(
                        assignment -> assignment.verifier().name(),
                        assignment -> assignment.verifier().isInline(),
                        Assignment::shadow)
                .containsExactly(tuple("math", true, false));
    }

    private static final String SEVERAL = """
            verifier:
              default: math
              gsm8k: math:gsm8k
              essays: all(style, facts), shadow(math)
            verifiers:
              style:
                type: http
                url: http://localhost:8000/judge
                authorization: Bearer s3cret
                version: "7"
                batch.size: 4
                concurrency: 64
                deadline.seconds: 12.5
                timeout:
                  seconds: 1
                settings:
                  rubric: strict
                  max.tokens: 512
                  api.key: s3cret
              facts: {type: external}
            """;

    @Test
    void shouldChooseByDatasetWhenAMapIsGiven() throws IOException {
        RunSettings settings = yaml(SEVERAL).settings();
        RewardRules rewards = RewardFactory.rewards(settings);
        Verifiers verifiers = RewardFactory.verifiers(settings);

        assertThat(rewards.of("another")).isEqualTo(Combination.of("math"));
        assertThat(rewards.of("gsm8k")).isEqualTo(Combination.of("math:gsm8k"));
        assertThat(rewards.of("essays")).isEqualTo(new Combination(Rule.ALL, List.of("style", "facts"), List.of()));
        assertThat(verifiers.of("essays"))
                .extracting(assignment -> assignment.verifier().name(), Assignment::shadow)
                .containsExactly(tuple("style", false), tuple("facts", false), tuple("math", true));
        assertThat(verifiers.all())
                .extracting(ConfiguredVerifier::name)
                .containsExactlyInAnyOrder("math", "math:gsm8k", "style", "facts");
        ConfiguredVerifier style = verifiers.of("essays").get(0).verifier();
        assertThat(style.version()).isEqualTo("7");
        assertThat(style.settings())
                .as("on verdicts, without secrets")
                .isEqualTo(Map.of("rubric", "strict", "max.tokens", "512"));
        assertThat(style.place())
                .isEqualTo(new Place.OverHttp(
                        new HttpService(
                                URI.create("http://localhost:8000/judge"),
                                "Bearer s3cret",
                                Map.of("rubric", "strict", "max.tokens", "512", "api.key", "s3cret")),
                        new AttemptPolicy(
                                64, 4, 3, Duration.ofMillis(200), Duration.ofSeconds(1), Duration.ofMillis(12_500))));
        assertThat(verifiers.of("essays").get(1).verifier().place()).isEqualTo(new Place.External());
    }

    @Test
    void shouldShowAndHashAllOfItButSecrets() throws IOException {
        Configuration configuration = yaml(SEVERAL);

        assertThat(configuration.toYaml())
                .contains("verifier: \"math\"")
                .contains("verifier.essays: \"all(style, facts), shadow(math)\"")
                .contains("verifiers.style.settings.max.tokens: \"512\"")
                .contains("verifiers.style.authorization: \"[hidden]\"")
                .contains("verifiers.style.settings.api.key: \"[hidden]\"")
                .doesNotContain("s3cret");
        assertThat(yaml(SEVERAL.replace("strict", "lenient")).sha256()).isNotEqualTo(configuration.sha256());
    }

    @Test
    void shouldLetFlagsWinOverTheFile() throws IOException {
        Path file = Files.writeString(directory.resolve("run.yaml"), SEVERAL);
        RunSettings settings = Configuration.load(
                        file,
                        Map.of("SPPO_VERIFIER_GSM8K", "math:choice"),
                        Map.of("run", "test", "verifier", "exact", "verifier.essays", "facts"))
                .settings();

        assertThat(RewardFactory.rewards(settings))
                .isEqualTo(new RewardRules(
                        Combination.of("exact"),
                        Map.of("gsm8k", Combination.of("math:choice"), "essays", Combination.of("facts"))));
    }

    @Test
    void shouldTakeABuiltInVerifierUnderAnotherName() {
        Verifiers verifiers =
                RewardFactory.verifiers(flags(Map.of("verifier", "strict", "verifiers.strict.type", "exact"))
                        .settings());

        assertThat(verifiers.of("any").get(0).verifier())
                .satisfies(verifier -> assertThat(verifier.name()).isEqualTo("strict"))
                .satisfies(verifier -> assertThat(verifier.isInline()).isTrue());
    }

    @Test
    void shouldAcceptFormerNamesWhenARecordedConfigurationHasThem() {
        Verifiers verifiers = RewardFactory.verifiers(
                flags(Map.of("verifier", "all(math:exact, facts)", "verifiers.facts.type", "outside"))
                        .settings());

        assertThat(verifiers.of("any"))
                .extracting(assignment -> assignment.verifier().name())
                .as("verdicts are signed as before")
                .containsExactly("math:exact", "facts");
        assertThat(verifiers.of("any").get(1).verifier().place()).isEqualTo(new Place.External());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "verifier=oracle | verifier: there is no verifier 'oracle'; there are: exact, marked",
                "verifier=[math] | verifier: '[math]' is not a verifier",
                "verifier.gsm8k=oracle | verifier.gsm8k: there is no verifier 'oracle'",
                "verifier.gsm8k=all(math | verifier.gsm8k: 'all(math' is not a verifier",
                "verifiers.judge=http | verifiers.judge = http: settings of a verifier belong under its name",
                "verifiers.judge.type=http | verifiers.judge: it is a service: give its address as verifiers.judge.url",
                "verifiers.judge.typ=http | verifiers.judge: there is no setting 'verifiers.judge.typ'; there are: attempts",
                "verifiers.judge.type=oracle | verifiers.judge: there is no verifier 'oracle'",
                "verifiers.exact.settings.depth=2 | verifiers.exact: it takes no settings, but got depth",
                "verifiers.exact.url=http://host/ | verifiers.exact: url is not a setting of a verifier of this type",
                "verifiers.exact.attempts=2 | verifiers.exact: attempts is not a setting of a verifier of this type",
                "verifiers.math.attempts=many | verifiers.math: Invalid value many for configuration attempts",
                "verifiers.math.attempts=0 | verifiers.math: Invalid value 0 for configuration attempts",
                "verifier.plugins=nowhere | verifier.plugins: the plugins folder nowhere can't be read",
            })
    void shouldNameTheSettingAndWhatIsWrongWithIt(String setting, String reason) {
        String[] parts = setting.split("=", 2);
        assertThatThrownBy(() -> RewardFactory.verifiers(
                        flags(Map.of(parts[0], parts[1])).settings()))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(reason)
                .message()
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "url=ftp://host/ | url 'ftp://host/' is not the address of an HTTP service",
                "url=http://ho st/ | Illegal character",
                "timeout.seconds=100 | the timeout must be positive and at most the deadline",
            })
    void shouldNameTheVerifierWhenAServiceIsConfiguredBadly(String setting, String reason) {
        String[] parts = setting.split("=", 2);
        Map<String, String> flags =
                new HashMap<>(Map.of("verifiers.judge.type", "http", "verifiers.judge.url", "http://host/judge"));
        flags.put("verifiers.judge." + parts[0], parts[1]);

        assertThatThrownBy(() -> RewardFactory.verifiers(flags(flags).settings()))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("verifiers.judge: ")
                .hasMessageContaining(reason);
    }
}
