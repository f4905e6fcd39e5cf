package io.sppostream.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.access.AccessRole;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.login.LoginException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class AccessDeniedTest {
    private static final String USER = "user sppo-feed";

    private static String explain(Throwable error, AccessRole... roles) {
        return AccessDenied.explain(new RuntimeException(error), USER, List.of(roles))
                .orElse("");
    }

    @Test
    void shouldSayWhoNeedsWhatOnWhichTopicAndHowItIsGranted() {
        assertThat(explain(new TopicAuthorizationException(Set.of("demo.prompts.v1")), AccessRole.FEED))
                .isEqualTo("the cluster denies user sppo-feed access to topic demo.prompts.v1: role feed needs Read,"
                        + " Write; an administrator grants it by ./sppo topics --acls --apply --run demo --role feed"
                        + " --principal User:sppo-feed");
    }

    @Test
    void shouldSayThatARoleIsNotMeantToUseATopic() {
        assertThat(explain(new TopicAuthorizationException(Set.of("demo.verdicts.v1")), AccessRole.ROLLOUT_PRODUCER))
                .isEqualTo("the cluster denies user sppo-feed access to topic demo.verdicts.v1: role rollout-producer"
                        + " has no permission there, so this user is not meant to use it");
    }

    @Test
    void shouldTakeACommandForAReader() {
        assertThat(explain(new TopicAuthorizationException(Set.of("demo.training-steps.v1"))))
                .contains("role reader needs Read");
    }

    @Test
    void shouldExplainGroupsAndTransactionalIds() {
        assertThat(explain(GroupAuthorizationException.forGroupId("demo.critic"), AccessRole.CRITIC))
                .contains("access to group demo.critic: role critic needs Read;");
        assertThat(explain(
                        new TransactionalIdAuthorizationException("Transactional Id authorization failed."),
                        AccessRole.CRITIC))
                .contains("access to transactional-id: role critic needs Write;", "--run RUN");
    }

    @Test
    void shouldSayWhatTheClusterSaysOfTopicsThatAreNotOfARun() {
        assertThat(explain(new TopicAuthorizationException(Set.of("_schemas")), AccessRole.CRITIC))
                .startsWith("the cluster denies user sppo-feed what this command needs: ")
                .contains("_schemas");
    }

    @Test
    void shouldExplainRefusedCredentialsAndCertificates() {
        assertThat(explain(new SaslAuthenticationException("invalid credentials")))
                .startsWith("the cluster does not accept the credentials of user sppo-feed: invalid credentials");
        assertThat(explain(new SslAuthenticationException("SSL handshake failed")))
                .startsWith("no TLS connection to the cluster: ")
                .contains("ssl.truststore.location");
    }

    @Test
    void shouldExplainThatThereIsNoToken() {
        String reason = "The response code 401 was encountered reading the token endpoint response";
        assertThat(explain(new KafkaException(
                        "Failed to create new NetworkClient",
                        new LoginException("org.apache.kafka.common.KafkaException: java.io.IOException: " + reason))))
                .startsWith("user sppo-feed gets no token: " + reason)
                .contains("sasl.oauthbearer.*");
        assertThat(
                        explain(
                                new KafkaException(
                                        new ConfigException(
                                                "sasl.oauthbearer.token.endpoint.url",
                                                "https://id/token",
                                                "The URL cannot be accessed due to restrictions. Update the system property"
                                                        + " 'org.apache.kafka.sasl.oauthbearer.allowed.urls' to allow the URL to be accessed."))))
                .isEqualTo("Kafka's clients may not fetch tokens from https://id/token: allow it by"
                        + " JAVA_OPTS=-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=https://id/token");
    }

    @Test
    void shouldLeaveOtherErrorsAlone() {
        assertThat(AccessDenied.explain(new RuntimeException("disk full"), USER, List.of()))
                .isEmpty();
    }

    @Test
    void shouldNameTheUserOfTheClients() {
        String jaas =
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"ada\" password=\"x\";";
        assertThat(new KafkaSettings("", "", Map.of("sasl.jaas.config", jaas)).user())
                .isEqualTo("user ada");
        assertThat(new KafkaSettings("", "", Map.of("ssl.keystore.location", "me.p12")).user())
                .isEqualTo("the certificate of me.p12");
        assertThat(new KafkaSettings("", "", Map.of()).user()).isEqualTo("this client");
    }
}
