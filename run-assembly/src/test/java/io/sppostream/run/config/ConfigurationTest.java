package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.feed.Pacing;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
    private static final Map<String, String> FILE_DATASET = Map.of("dataset", "problems.jsonl");

    @TempDir
    private Path directory;

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("run.yaml"), yaml);
    }

    private static Configuration load(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        Map<String, String> withRun = new HashMap<>(flags);
        withRun.putIfAbsent("run", "test");
        return Configuration.load(file, environment, withRun);
    }

    private static Configuration flags(Map<String, String> flags) {
        return load(null, Map.of(), flags);
    }

    @Test
    void shouldLetTheLaterWin() throws IOException {
        Path file = file("steps: 3\n");
        Map<String, String> environment = Map.of("SPPO_STEPS", "4", "HOME", "/home/user");

        assertThat(flags(FILE_DATASET).settings().steps()).as("default").isEqualTo(100);
        assertThat(flags(Map.of()).settings().steps()).as("preset").isEqualTo(480);
        assertThat(load(file, Map.of(), Map.of()).settings().steps()).as("file").isEqualTo(3);
        assertThat(load(file, environment, Map.of()).settings().steps())
                .as("environment")
                .isEqualTo(4);
        assertThat(load(file, environment, Map.of("steps", "5")).settings().steps())
                .as("flags")
                .isEqualTo(5);
    }

    @Test
    void shouldTakeThePresetOfTheDatasetThatWins() throws IOException {
        Path file = file("dataset: addition-1\n");
        assertThat(load(file, Map.of(), Map.of()).settings().getInt("eval.prompts"))
                .isEqualTo(100);
        assertThat(load(file, Map.of(), Map.of("dataset", "addition"))
                        .settings()
                        .getInt("eval.prompts"))
                .isEqualTo(1000);
    }

    @Test
    void shouldReadNestedYamlAsDottedNames() throws IOException {
        Configuration configuration = load(file("""
                # a comment
                batch:
                  size: 8
                sampling:
                  max:
                    tokens: 7
                  temperature: 5.0e-1
                warmup.steps: 2
                kafka:
                  security.protocol: SSL
                  ssl:
                    endpoint.identification.algorithm: ""
                """), Map.of(), Map.of());
        assertThat(configuration.settings().batchSize()).isEqualTo(8);
        assertThat(configuration.settings().sampling().maxTokens()).isEqualTo(7);
        assertThat(configuration.settings().sampling().temperature()).isEqualTo(0.5);
        assertThat(configuration.settings().getInt("warmup.steps")).isEqualTo(2);
        assertThat(configuration.kafkaProperties())
                .isEqualTo(Map.of("security.protocol", "SSL", "ssl.endpoint.identification.algorithm", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing but a comment\n", "---\n"})
    void shouldTakeAnEmptyFileAsNoSettings(String yaml) throws IOException {
        assertThat(load(file(yaml), Map.of(), Map.of()).toYaml())
                .isEqualTo(flags(Map.of()).toYaml());
    }

    @Test
    void shouldPassKafkaPropertiesOnWhereverTheyComeFrom() {
        Configuration configuration =
                load(null, Map.of("SPPO_KAFKA_SECURITY_PROTOCOL", "SSL"), Map.of("kafka.linger.ms", "50"));
        assertThat(configuration.kafka("broker:9092", "http://registry").producer())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("linger.ms", "50");
    }

    @ParameterizedTest
    @CsvSource({
        "batchsize, batch.size",
        "batch.sizes, batch.size",
        "step, steps",
        "polcy.learning.rate, policy.learning.rate"
    })
    void shouldSuggestTheNearestWhenASettingIsUnknown(String name, String meant) throws IOException {
        String where = file(name + ": 1\n").toString();
        assertThatThrownBy(() -> load(Path.of(where), Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no setting '%s' (in %s); did you mean '%s'?", name, where, meant);
        assertThatThrownBy(() -> flags(Map.of(name, "1")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'" + name + "' (on the command line)")
                .hasMessageContaining("'" + meant + "'");
    }

    @Test
    void shouldSayWhenTheEnvironmentHasAnUnknownSetting() {
        assertThatThrownBy(() -> load(null, Map.of("SPPO_BATCH_SIZES", "1"), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no setting 'batch.sizes' (in the environment); did you mean 'batch.size'?");
    }

    @ParameterizedTest
    @CsvSource({
        "lag, 33, Value must be no more than 32",
        "lag, -1, Value must be at least 0",
        "steps, 0, Value must be at least 1",
        "steps, many, Not a number",
        "clip, 1, must be between 0 and 1",
        "broker.port, 70000, Value must be no more than 65535",
        "sampling.temperature, 0, Value must be at least 0.01"
    })
    void shouldNameSettingValueAndBoundsWhenAValueIsOutOfRange(String name, String value, String bounds) {
        assertThatThrownBy(() -> flags(Map.of(name, value)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("configuration: Invalid value " + value)
                .hasMessageContaining(" " + name + ": ")
                .hasMessageContaining(bounds)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @Test
    void shouldSayWhereWhenAFileCanNotBeUsed() throws IOException {
        Path missing = directory.resolve("missing.yaml");
        assertThatThrownBy(() -> load(missing, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("configuration file " + missing + " can't be read: there is no such file");
        Path broken = file("steps: 3\nbatch: [1\n");
        assertThatThrownBy(() -> load(broken, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(broken.toString())
                .hasMessageContaining("line 2")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
        Path list = file("- steps\n");
        assertThatThrownBy(() -> load(list, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("is not a YAML map of settings");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssl.keystore.password",
                "ssl.key.password",
                "ssl.keystore.key",
                "sasl.jaas.config",
                "basic.auth.user.info",
                "bearer.auth.token",
                "sasl.oauthbearer.client.credentials.client.secret"
            })
    void shouldRedactSecrets(String property) {
        Configuration configuration = flags(Map.of("kafka." + property, "hunter2"));

        assertThat(configuration.toYaml()).doesNotContain("hunter2").contains("kafka." + property + ": \"[hidden]\"");
        assertThat(configuration.kafkaProperties()).containsEntry(property, "hunter2");
        assertThat(configuration.sha256())
                .isEqualTo(flags(Map.of("kafka." + property, "other")).sha256());
    }

    @Test
    void shouldShowWhatIsNoSecret() {
        assertThat(flags(Map.of("kafka.security.protocol", "SASL_SSL")).toYaml())
                .contains("kafka.security.protocol: \"SASL_SSL\"")
                .contains("sampling.max.tokens: 4");
    }

    /** What is recorded of a run is enough to start it again. */
    @Test
    void shouldBeTheSameWhenReadFromItsOwnYaml() throws IOException {
        Configuration configuration =
                flags(Map.of("seed", "-7", "clip", "0.125", "critic.learning.rate", "3e-7", "kafka.linger.ms", "50"));
        Configuration again = Configuration.load(file(configuration.toYaml()), Map.of(), Map.of());

        assertThat(again.toYaml()).isEqualTo(configuration.toYaml());
        assertThat(again.sha256()).isEqualTo(configuration.sha256()).matches("[0-9a-f]{64}");
        assertThat(again.settings().seed()).isEqualTo(-7);
        assertThat(again.settings().policyUpdate().loss().clip()).isEqualTo(0.125);
    }

    @Test
    void shouldHashDifferentlyWhenASettingDiffers() {
        assertThat(flags(Map.of("seed", "1")).sha256())
                .isEqualTo(flags(Map.of()).sha256());
        assertThat(flags(Map.of("seed", "2")).sha256())
                .isNotEqualTo(flags(Map.of()).sha256());
        assertThat(flags(Map.of("kafka.linger.ms", "2")).sha256())
                .isNotEqualTo(flags(Map.of()).sha256());
    }

    @Test
    void shouldDescribeEverySetting() {
        assertThat(RunSettings.DEFINITION.configKeys().values())
                .hasSizeGreaterThan(30)
                .allSatisfy(key -> assertThat(key.documentation).as(key.name).isNotBlank());
    }

    @Test
    void shouldPaceByStepsBatchAndLag() {
        RunSettings settings =
                flags(Map.of("steps", "10", "batch.size", "8", "lag", "0")).settings();
        assertThat(settings.pacing().samples()).isEqualTo(80);
        assertThat(settings.pacing().allowance(0, new Pacing.Counts(0, 0, 0, 0)))
                .isEqualTo(8);
    }

    @Test
    void shouldNameWhatARunCannotGoOnWith() {
        String begun = begun(Map.of("seed", "1", "steps", "10", "weights.snapshot.interval", "5"))
                .toYaml();

        assertThat(begun(Map.of("steps", "20", "weights.snapshot.interval", "7", "data.dir", "elsewhere"))
                        .differencesInTraining(begun))
                .isEmpty();
        assertThat(begun(Map.of("seed", "2", "lag", "0")).differencesInTraining(begun))
                .containsExactly("lag: 1 -> 0", "seed: 1 -> 2");
        assertThat(begun(Map.of()).differencesInTraining(begun.replaceAll("(?m)^dual.clip.*$", "")))
                .as("a setting that was not recorded was at its default")
                .isEmpty();
    }

    private static Configuration begun(Map<String, String> flags) {
        Map<String, String> all = new HashMap<>(flags);
        all.put("run", "r");
        return Configuration.load(null, Map.of(), all);
    }
}
