package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.ShellWords;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code ./sppo train} says before it trains. */
class TrainCommandTest {
    @Test
    void shouldPrintAllSettingsAsYamlWhenAsked() {
        Invocation printed = Invocation.of(
                "train", "--print-config", "--run=r", "--verifier=math", "--batch-size=8", "--device=cpu", "--lag=0");

        assertThat(printed.code()).isZero();
        assertThat(printed.err()).isEmpty();
        assertThat(printed.out())
                .isEqualTo(Configuration.load(
                                null,
                                System.getenv(),
                                Map.of("run", "r", "verifier", "math", "batch.size", "8", "lag", "0"))
                        .toYaml());
    }

    @Test
    void shouldWarnOfAFormerName() {
        Invocation printed = Invocation.of("train", "--print-config", "--set=policy.gradient.norm=2");

        assertThat(printed.code()).isZero();
        assertThat(printed.out()).contains("policy.max.gradient.norm: 2.0").doesNotContain("policy.gradient.norm");
        assertThat(printed.err())
                .isEqualTo("sppo: setting 'policy.gradient.norm' (on the command line) is now called"
                        + " 'policy.max.gradient.norm'; use the new name\n");
    }

    @Test
    void shouldNameTheRunThenWhatTheUserHasChangedThenHowToResume() {
        Configuration configuration =
                Configuration.load(null, Map.of(), Map.of("run", "readme", "lag", "1", "steps", "60"));

        assertThat(TrainCommand.header(configuration, "./sppo train --lag 1 --steps 60 --run readme"))
                .isEqualTo("""
                        run readme, preset addition
                          lag: 1
                          steps: 60
                        resume with: ./sppo train --lag 1 --steps 60 --run readme
                        """);
        assertThat(TrainCommand.header(
                        Configuration.load(null, Map.of(), Map.of("run", "r", "dataset", "sums.jsonl")), "..."))
                .isEqualTo("run r, dataset sums.jsonl\nresume with: ...\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "--steps=60 | --steps=60",
                "my run | 'my run'",
                "it's | 'it'\\''s'",
                "--set=verifier=first(math, judge) | '--set=verifier=first(math, judge)'",
                "kafka.linger.ms=50 | kafka.linger.ms=50",
                "kafka.ssl.key.password=hunter2 | 'kafka.ssl.key.password=[hidden]'",
                "--set=verifiers.judge.authorization=Bearer s3 | '--set=verifiers.judge.authorization=[hidden]'",
                "http://user:hunter2@host:8081 | 'http://[hidden]@host:8081'",
                "--schema-registry-url=http://user:hunter2@host | '--schema-registry-url=http://[hidden]@host'",
            })
    void shouldQuoteWordsForTheShellAndHideSecrets(String word, String quoted) {
        assertThat(ShellWords.quoted(word)).isEqualTo(quoted);
    }
}
