package io.sppostream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandLineTextTest {
    @Test
    void shouldNameTheRunWhenTheCommandDidNot() {
        assertThat(CommandLineText.resume(List.of("train", "--steps", "60"), "run-1"))
                .isEqualTo("./sppo train --run run-1 --steps 60");
        assertThat(CommandLineText.resume(List.of("train", "--run=mine", "--lag", "0"), "mine"))
                .isEqualTo("./sppo train --run=mine --lag 0");
    }

    @Test
    void shouldQuoteForAShell() {
        assertThat(CommandLineText.resume(
                        List.of(
                                "train",
                                "--run",
                                "mine",
                                "--data-dir",
                                "my data",
                                "--set",
                                "verifier=all(exact, it's)"),
                        "mine"))
                .isEqualTo("./sppo train --run mine --data-dir 'my data' --set 'verifier=all(exact, it'\\''s)'");
    }

    @Test
    void shouldNotShowSecrets() {
        assertThat(CommandLineText.resume(
                        List.of("train", "--run", "mine", "--set=kafka.ssl.key.password=x", "--set", "a.token=y"),
                        "mine"))
                .isEqualTo("./sppo train --run mine --set=kafka.ssl.key.password=... --set a.token=...");
    }
}
