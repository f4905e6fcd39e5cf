package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.run.config.SettingsReference;
import org.junit.jupiter.api.Test;

class ConfigCommandTest {
    @Test
    void shouldListTheSameSettingsAsTrain() {
        Invocation listed = Invocation.of("config");

        assertThat(listed.code()).isZero();
        assertThat(listed.out()).isEqualTo(SettingsReference.text()).contains("  batch.size (int; ");
        assertThat(Invocation.of("train", "--help-settings")).isEqualTo(listed);
    }

    @Test
    void shouldDescribeOneSetting() {
        assertThat(Invocation.of("config", "--describe", "lag").out()).startsWith("lag (int; 0 to 32; default 1)\n");
    }

    @Test
    void shouldSuggestTheSettingThatWasMeant() {
        Invocation.of("config", "--describe=batchsize")
                .assertRefused("there is no setting 'batchsize'", "did you mean 'batch.size'?");
    }

    @Test
    void shouldPrintTheReferenceOfTheDocs() {
        assertThat(Invocation.of("config", "--markdown").out()).isEqualTo(SettingsReference.markdown());
    }

    @Test
    void shouldTakeOneFormAtATime() {
        assertThat(Invocation.of("config", "--markdown", "--describe=lag").code())
                .isEqualTo(2);
    }
}
