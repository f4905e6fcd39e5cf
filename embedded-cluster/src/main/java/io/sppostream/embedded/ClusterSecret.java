package io.sppostream.embedded;

import io.sppostream.log.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The password of an embedded cluster. It is made once for a data directory, in a file that other users cannot read, so
 * that they can neither read the log nor write to it, although they can connect to the ports. Immutable.
 */
final class ClusterSecret {
    static final String USER = "sppo";

    private static final Logger log = LoggerFactory.getLogger(ClusterSecret.class);
    private static final int BYTES = 32;
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{" + 2 * BYTES + "}");
    private static final String MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule required";

    private final String password;

    private ClusterSecret(String password) {
        this.password = password;
    }

    /** A new secret, for tests. */
    static ClusterSecret random() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return new ClusterSecret(HexFormat.of().formatHex(bytes));
    }

    /** The secret in a file, which is made if it is missing. A secret that others may have read is replaced. */
    static ClusterSecret in(Path file) throws IOException {
        try {
            String password = Files.readString(file).strip();
            if (HEX.matcher(password).matches() && !PrivateFiles.isExposed(file)) {
                return new ClusterSecret(password);
            }
            log.warn("{} is replaced: it could be read by other users, or is not a secret", file);
        } catch (NoSuchFileException e) {
            // Made below.
        }
        ClusterSecret made = random();
        PrivateFiles.write(file, made.password + "\n");
        return made;
    }

    /** Properties of a Kafka client that connects with the secret. */
    Map<String, String> kafkaClient() {
        return Map.of(
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                MODULE + " username=\"" + USER + "\" password=\"" + password + "\";");
    }

    /** Properties of a registry client that may register schemas. */
    Map<String, String> registryClient() {
        return Map.of("basic.auth.credentials.source", "USER_INFO", "basic.auth.user.info", USER + ":" + password);
    }

    /** The same for clients that know no JAAS, such as librdkafka. */
    Map<String, String> librdkafkaClient() {
        return Map.of("sasl.username", USER, "sasl.password", password);
    }

    /** The broker's setting that accepts clients with the secret, and lets the broker be its own client. */
    String brokerJaas() {
        return MODULE + " username=\"" + USER + "\" password=\"" + password + "\" user_" + USER + "=\"" + password
                + "\";";
    }

    /** Whether an HTTP header has the secret. */
    boolean isIn(String authorization) {
        String expected =
                "Basic " + Base64.getEncoder().encodeToString((USER + ":" + password).getBytes(StandardCharsets.UTF_8));
        return MessageDigest.isEqual(
                expected.getBytes(StandardCharsets.UTF_8), authorization.getBytes(StandardCharsets.UTF_8));
    }

    /** Hides the password. */
    @Override
    public String toString() {
        return "ClusterSecret[hidden]";
    }
}
