package io.sppostream.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler;
import org.jspecify.annotations.Nullable;

/**
 * A second listener of the embedded broker, as secured clusters have one: TLS, users with passwords (SCRAM-SHA-512) or
 * signed tokens (OAUTHBEARER), and an authorizer that denies what no ACL allows. The registry speaks TLS too. On the first
 * listener, the user of the data directory may do everything; there, users and ACLs are made. Immutable.
 *
 * @param port on 127.0.0.1, 0 for a free one
 * @param keyStore PKCS12 with the key and the certificate of 127.0.0.1
 * @param trustStore PKCS12 with the certificate, for the clients of the registry
 * @param password of both stores
 * @param tokenKeys JSON Web Key Set of those who sign tokens, whose subject is the user; null if no tokens are accepted
 */
public record SecuredListener(
        int port,
        Path keyStore,
        Path trustStore,
        String password,
        @Nullable Path tokenKeys) {
    private static final String STORE_TYPE = "PKCS12";
    private static final String NAME = "SECURED";
    private static final String MECHANISM = "SCRAM-SHA-512";
    private static final String TOKEN_MECHANISM = OAuthBearerLoginModule.OAUTHBEARER_MECHANISM;

    public SecuredListener {
        Ports.requireValid("secured port", port);
    }

    /** The same with a free port instead of 0. */
    SecuredListener onFreePort() {
        return port == 0 ? new SecuredListener(Ports.free(1).get(0), keyStore, trustStore, password, tokenKeys) : this;
    }

    /** Adds the listener and the authorizer to the settings of a broker. */
    void addTo(Properties broker) {
        append(broker, "listeners", NAME + "://" + Ports.HOST + ":" + port);
        append(broker, "advertised.listeners", NAME + "://" + Ports.HOST + ":" + port);
        append(broker, "listener.security.protocol.map", NAME + ":SASL_SSL");
        String listener = "listener.name." + NAME.toLowerCase(Locale.ROOT) + ".";
        broker.setProperty(
                listener + "sasl.enabled.mechanisms", MECHANISM + (tokenKeys == null ? "" : "," + TOKEN_MECHANISM));
        broker.setProperty(
                listener + "scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        if (tokenKeys != null) {
            String tokens = listener + TOKEN_MECHANISM.toLowerCase(Locale.ROOT) + ".";
            broker.setProperty(
                    tokens + SaslConfigs.SASL_JAAS_CONFIG, OAuthBearerLoginModule.class.getName() + " required;");
            broker.setProperty(
                    tokens + "sasl.server.callback.handler.class", OAuthBearerValidatorCallbackHandler.class.getName());
            broker.setProperty(listener + SaslConfigs.SASL_OAUTHBEARER_JWKS_ENDPOINT_URL, url(tokenKeys));
        }
        broker.setProperty(listener + "ssl.keystore.location", keyStore.toString());
        broker.setProperty(listener + "ssl.keystore.password", password);
        broker.setProperty(listener + "ssl.keystore.type", STORE_TYPE);
        broker.setProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        broker.setProperty("super.users", "User:" + ClusterSecret.USER);
    }

    /** Options of the broker's JVM: Kafka reads keys from nowhere else. */
    List<String> jvmOptions() {
        return tokenKeys == null
                ? List.of()
                : List.of("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + url(tokenKeys));
    }

    private static String url(Path file) {
        return file.toUri().toString();
    }

    private static void append(Properties broker, String property, String value) {
        broker.setProperty(property, broker.getProperty(property) + "," + value);
    }

    /** Properties by which a client of the registry trusts its certificate. */
    Map<String, String> registryClient() {
        return Map.of(
                "schema.registry.ssl.truststore.location", trustStore.toString(),
                "schema.registry.ssl.truststore.password", password,
                "schema.registry.ssl.truststore.type", STORE_TYPE);
    }

    /**
     * Properties of a client of the listener.
     *
     * @param user with SCRAM credentials on the cluster
     * @param userPassword of that user
     */
    public Map<String, String> client(String user, String userPassword) {
        return Map.of(
                "security.protocol",
                "SASL_SSL",
                "sasl.mechanism",
                MECHANISM,
                "sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                        + userPassword + "\";",
                "ssl.truststore.location",
                trustStore.toString(),
                "ssl.truststore.password",
                password,
                "ssl.truststore.type",
                STORE_TYPE);
    }

    /** TLS of the registry. */
    SSLContext sslContext() {
        try (InputStream in = Files.newInputStream(keyStore)) {
            KeyStore keys = KeyStore.getInstance(STORE_TYPE);
            keys.load(in, password.toCharArray());
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, password.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(factory.getKeyManagers(), null, null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new EmbeddedException("key store " + keyStore + " can't be used: " + e.getMessage(), e);
        }
    }

    /** Hides the password. */
    @Override
    public String toString() {
        return "SecuredListener[" + port + ", " + keyStore + "]";
    }
}
