package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsReferenceTest {
    private static final Path FILE = Path.of("../docs/configuration.md");

    @Test
    void shouldBeTheFileInDocs() throws IOException {
        assertThat(SettingsReference.markdown())
                .as("docs/configuration.md is out of date: run ./sppo config --markdown > docs/configuration.md")
                .isEqualTo(Files.readString(FILE));
    }

    @Test
    void shouldShowAllSettingsOnTheTerminalAndInTheFile() {
        assertThat(SettingsDefinition.names()).allSatisfy(name -> {
            assertThat(SettingsReference.text()).contains("\n  " + name + " (");
            assertThat(SettingsReference.markdown()).contains("\n| `" + name + "` | ");
            assertThat(SettingsReference.describe(name)).startsWith(name + " (");
        });
        assertThat(SettingsReference.text().lines()).allMatch(line -> line.length() <= 100);
    }

    /** Tables of settings have five columns, and those of the presets one for each preset. */
    @Test
    void shouldKeepTheColumnsOfTheTablesApart() {
        assertThat(SettingsReference.markdown().lines().filter(line -> line.startsWith("| `")))
                .extracting(line -> line.replace("\\|", "").split("\\|", -1).length - 2)
                .contains(5)
                .isSubsetOf(5, 2 + Datasets.BUILT_IN.size(), 2 + Presets.OF_MODELS.size());
    }

    @Test
    void shouldDescribeASettingWithTypeBoundsDefaultAndPresets() {
        assertThat(SettingsReference.describe("batch.size")).isEqualTo("""
                batch.size (int; at least 1; default 256)
                  Rollouts per step: a multiple of those that the estimator samples per prompt. If it is not given,
                  the largest multiple up to the default holds.
                  Preset addition: 512
                  Preset addition-1: 512
                  Preset ledger: 256
                  Preset knights-and-knaves: 256
                  Preset smollm2-arithmetic: 64
                  Preset qwen2.5-0.5b-gsm8k: 256
                  Preset gsm8k-lora: 256
                  Preset r1-1.5b-deepscaler: 256
                  Preset r1-7b-dapo: 512
                  Preset r1-7b-dapo-small-critic: 512
                  Set by --set batch.size=VALUE, SPPO_BATCH_SIZE=VALUE, or batch.size: VALUE in the YAML file.
                  Must not change when a run is resumed.
                """);
        assertThat(SettingsReference.describe("lag")).startsWith("lag (int; 0 to 32; default 1)");
        assertThat(SettingsReference.describe("precision"))
                .startsWith("precision (string; auto, fp32, bf16; default fp32)");
        assertThat(SettingsReference.describe("steps")).contains("May change when a run is resumed");
        assertThat(SettingsReference.describe("policy.gradient.norm"))
                .startsWith("policy.gradient.norm is now called policy.max.gradient.norm.\npolicy.max.gradient.norm (");
    }

    @ParameterizedTest
    @CsvSource({
        "verifier.gsm8k, verifier.DATASET (string)",
        "verifiers.judge.url, verifiers.NAME.url (string)",
        "verifiers.judge.settings.depth, verifiers.NAME.settings.KEY (string)",
        "kafka.linger.ms, kafka.PROPERTY (string",
        "kafka.custom.anything, kafka.PROPERTY (string"
    })
    void shouldDescribeFamiliesOfSettings(String key, String heading) {
        assertThat(SettingsReference.describe(key)).startsWith(heading);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "batch.sise | there is no setting 'batch.sise' (with --describe); did you mean 'batch.size'?",
                "nothing | there is no setting 'nothing' (with --describe); ./sppo config lists all",
                "verifiers.judge.ulr | verifiers have no setting 'ulr'; did you mean 'url'?",
                "kafka.linger | no Kafka or registry client has a property 'linger' (kafka.linger, with --describe);"
                        + " did you mean 'kafka.linger.ms'?",
            })
    void shouldSuggestTheNearestWhenAKeyIsUnknown(String key, String message) {
        assertThatThrownBy(() -> SettingsReference.describe(key))
                .isInstanceOf(UserException.class)
                .hasMessage(message);
    }
}
