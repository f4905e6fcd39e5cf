package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka.sasl.jaas.config",
                "kafka.basic.auth.user.info",
                "kafka.schema.registry.basic.auth.user.info",
                "kafka.bearer.auth.token",
                "kafka.bearer.auth.client.secret",
                "kafka.sasl.oauthbearer.client.credentials.client.secret",
                "kafka.ssl.key.password",
                "kafka.ssl.keystore.key",
                "kafka.ssl.keystore.password",
                "kafka.ssl.keystore.certificate.chain",
                "kafka.ssl.truststore.password",
                "kafka.consumer.ssl.key.password",
                "kafka.schema.registry.ssl.keystore.password",
                "kafka.custom.my.api.key",
                "kafka.custom.vault_token",
                "verifiers.judge.authorization",
                "verifiers.judge.settings.api-key",
                "verifiers.judge.settings.apiKey",
                "verifiers.judge.settings.privateKey",
                "verifiers.judge.settings.headers.X-Api-Key",
                "verifiers.judge.settings.headers.Cookie",
                "verifiers.judge.settings.auth",
            })
    void shouldHideValuesBySettingName(String name) {
        assertThat(Redactor.value(name, "hunter2")).isEqualTo("[hidden]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sampling.max.tokens",
                "kafka.security.protocol",
                "kafka.sasl.mechanism",
                "verifiers.judge.settings.max.tokens",
                "verifiers.judge.settings.keywords",
                "verifiers.judge.settings.tokenizer",
                "critic.model",
            })
    void shouldShowOtherValues(String name) {
        assertThat(Redactor.value(name, "shown")).isEqualTo("shown");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "http://user:hunter2@host:8081 | http://[hidden]@host:8081",
                "https://hunter2@host/judge | https://[hidden]@host/judge",
                "http://user:hunt@er2@host/x | http://[hidden]@host/x",
                "http://user:hunt/er2@host/x | http://[hidden]@host/x",
                "http://user:hunt#er2@host/x | http://[hidden]@host/x",
                "http://a:hunter2@one:1,http://b:hunter2@two:2 | http://[hidden]@one:1,http://[hidden]@two:2",
                "SASL_SSL://user:hunter2@broker:9092 | SASL_SSL://[hidden]@broker:9092",
                "http://host/judge?api_key=hunter2&n=1 | http://host/judge?api_key=[hidden]&n=1",
                "http://host/judge?access_token=hunter2#x | http://host/judge?access_token=[hidden]#x",
                "http://host:8081/a?mail=me@example.org | http://host:8081/a?mail=me@example.org",
                "http://host:8081/users/me@example.org | http://host:8081/users/me@example.org",
                "registry at http://u:hunter2@h: timed out | registry at http://[hidden]@h: timed out",
                "PlainLoginModule required username=\"u\" password=\"hunter2\"; | PlainLoginModule required username=\"u\" password=[hidden];",
                "sasl.jaas.config = hunter2 | sasl.jaas.config = [hidden]",
                "{\"apiKey\": \"hunter2\", \"n\": 1} | {\"apiKey\": [hidden], \"n\": 1}",
                "Authorization: Basic aHVudGVyMg== | Authorization: [hidden]",
                "authorization=Bearer hunter2 | authorization=[hidden]",
                "got Bearer hunter2x from the server | got Bearer [hidden] from the server",
                "Unexpected token: x, key=prompts | Unexpected token: x, key=prompts",
            })
    void shouldHideCredentialsInText(String text, String shown) {
        assertThat(Redactor.text(text)).isEqualTo(shown);
        assertThat(Redactor.text(shown)).as("again").isEqualTo(shown);
    }

    @Test
    void shouldTellThatNoSecretIsSet() {
        assertThat(Redactor.value("verifiers.judge.authorization", "")).isEmpty();
    }
}
