package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.Redactor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Secrets, by every way that a setting can come in. */
class RedactionTest {
    private static final String SECRET = "hunter2";

    @TempDir
    private Path directory = Path.of("");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "schema.registry.url | http://user:hunter2@host:8081",
                "bootstrap.servers | SASL_SSL://user:hunter2@host:9092",
                "model | s3://user:hunter2@bucket/model",
                "dataset | https://user:hunter2@host/data.jsonl",
                "verifiers.judge.url | http://user:hunter2@host/judge",
                "verifiers.judge.url | http://host/judge?api_key=hunter2",
                "verifiers.judge.authorization | Bearer hunter2",
                "verifiers.judge.settings.api.key | hunter2",
                "verifiers.judge.settings.headers.authorization | Basic hunter2",
                "verifiers.judge.settings.proxy | http://user:hunter2@proxy",
                "kafka.sasl.jaas.config | PlainLoginModule required username=u password=hunter2",
                "kafka.basic.auth.user.info | user:hunter2",
                "kafka.schema.registry.basic.auth.user.info | user:hunter2",
                "kafka.bearer.auth.token | hunter2",
                "kafka.ssl.key.password | hunter2",
                "kafka.ssl.keystore.key | -----BEGIN PRIVATE KEY----- hunter2",
                "kafka.ssl.keystore.password | hunter2",
                "kafka.consumer.ssl.truststore.password | hunter2",
                "kafka.sasl.oauthbearer.token.endpoint.url | https://user:hunter2@issuer/token",
                "kafka.sasl.oauthbearer.client.credentials.client.secret | hunter2",
                "kafka.proxy.host | http://user:hunter2@proxy",
                "kafka.custom.interceptor.token | hunter2",
                "kafka.custom.interceptor.endpoint | https://user:hunter2@host",
            })
    void shouldRedactWhateverTheSource(String name, String value) throws IOException {
        Path yaml = Files.writeString(directory.resolve("run.yaml"), "run: r\n" + name + ": \"" + value + "\"\n");
        Path nested = Files.writeString(
                directory.resolve("nested.yaml"),
                "run: r\n" + name.replaceFirst("\\.", ":\n  ") + ": \"" + value + "\"\n");
        Map<String, String> variable =
                Map.of("SPPO_" + name.toUpperCase(Locale.ROOT).replace('.', '_'), value);

        for (Configuration configuration : new Configuration[] {
            Configuration.load(yaml, Map.of(), Map.of()),
            Configuration.load(nested, Map.of(), Map.of()),
            Configuration.load(null, variable, Map.of("run", "r")),
            Configuration.load(null, Map.of(), Map.of("run", "r", name, value)),
            Configuration.load(null, Map.of(), Map.of("run", "r"), Map.of(name, value))
        }) {
            assertThat(configuration.toYaml()).contains(Redactor.HIDDEN).doesNotContain(SECRET);
            assertThat(configuration.effective().toString()).doesNotContain(SECRET);
            assertThat(configuration.changed().toString()).doesNotContain(SECRET);
        }
    }

    @Test
    void shouldResumeWithAnotherPasswordAndTellNoneInADifference() {
        Map<String, String> settings = new HashMap<>(Map.of(
                "run",
                "r",
                "verifiers.judge.url",
                "http://u:hunter2@host/",
                "verifiers.judge.authorization",
                "hunter2"));
        Configuration before = Configuration.load(null, Map.of(), settings);
        settings.putAll(
                Map.of("verifiers.judge.url", "http://u:other@host/", "verifiers.judge.authorization", "other"));
        Configuration after = Configuration.load(null, Map.of(), settings);
        settings.put("verifiers.judge.url", "http://u:other@elsewhere/");
        Configuration moved = Configuration.load(null, Map.of(), settings);

        assertThat(after.differencesInTraining(before.toYaml())).isEmpty();
        assertThat(moved.differencesInTraining(before.toYaml()))
                .containsExactly("verifiers.judge.url: http://[hidden]@host/ -> http://[hidden]@elsewhere/");
        assertThat(after.differencesInTraining(
                        before.toYaml().replace("http://[hidden]@host/", "http://u:hunter2@host/")))
                .as("recorded by a version that did not redact it")
                .isEmpty();
        assertThat(moved.differencesInTraining(
                        before.toYaml().replace("http://[hidden]@host/", "http://u:hunter2@host/")))
                .noneMatch(difference -> difference.contains(SECRET));
    }

    @Test
    void shouldTellNoneInErrors() {
        assertThatThrownBy(() -> RewardFactory.verifiers(
                        Configuration.load(null, Map.of(), Map.of("run", "r", "verifiers.token", SECRET))
                                .settings()))
                .hasMessageContaining("verifiers.token")
                .hasMessageNotContaining(SECRET);
        assertThatThrownBy(() -> RewardFactory.verifiers(Configuration.load(
                                null,
                                Map.of(),
                                Map.of(
                                        "run",
                                        "r",
                                        "verifier",
                                        "j",
                                        "verifiers.j.type",
                                        "http",
                                        "verifiers.j.url",
                                        "ftp://u:hunter2@host/"))
                        .settings()))
                .hasMessageContaining("not the address")
                .hasMessageNotContaining(SECRET);
        assertThatThrownBy(() -> RewardFactory.verifiers(Configuration.load(
                                null,
                                Map.of(),
                                Map.of(
                                        "run",
                                        "r",
                                        "verifier",
                                        "j",
                                        "verifiers.j.type",
                                        "http",
                                        "verifiers.j.url",
                                        "http://u:hunter2@a b/"))
                        .settings()))
                .hasMessageContaining("verifiers.j")
                .hasMessageNotContaining(SECRET);
    }

    @Test
    void shouldHideNoSettingOfARun() {
        assertThat(SettingsDefinition.DEFINITION.names()).noneMatch(Redactor::isSecret);
    }
}
