package io.sppostream.secured;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

/**
 * An identity provider: exchanges the credentials of a client for a token, a JSON Web Token whose subject is the client
 * (OAuth 2.0, client credentials grant). Thread-safe.
 */
final class TokenIssuer implements AutoCloseable {
    private static final int KEY_BITS = 2048;
    private static final int LIFETIME_SECONDS = 600;
    private static final String KEY_ID = "of-a-test";

    private final KeyPair keys;
    private final Map<String, String> secrets;
    private final HttpServer server;

    /** @param secrets of the clients, by their IDs */
    TokenIssuer(Map<String, String> secrets) throws IOException, GeneralSecurityException {
        this.secrets = Map.copyOf(secrets);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(KEY_BITS);
        keys = generator.generateKeyPair();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/token", this::answer);
        server.start();
    }

    /** The endpoint that gives tokens. */
    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
    }

    /** Writes the public key as a JSON Web Key Set. */
    Path writeKeys(Path file) throws IOException {
        RSAPublicKey key = (RSAPublicKey) keys.getPublic();
        return Files.writeString(file, """
                {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "%s", "n": "%s", "e": "%s"}]}
                """.formatted(
                        KEY_ID, base64(unsigned(key.getModulus())), base64(unsigned(key.getPublicExponent()))));
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String given =
                    exchange.getRequestHeaders().getFirst("Authorization").replaceFirst("^Basic ", "");
            String[] credentials = new String(Base64.getDecoder().decode(given), UTF_8).split(":", 2);
            boolean known = credentials[1].equals(secrets.get(credentials[0]));
            String body = known
                    ? "{\"access_token\": \"" + token(credentials[0]) + "\", \"token_type\": \"Bearer\"}"
                    : "{\"error\": \"invalid_client\"}";
            byte[] bytes = body.getBytes(UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(known ? 200 : 401, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private String token(String subject) {
        long now = Instant.now().getEpochSecond();
        String signed =
                base64("{\"alg\": \"RS256\", \"kid\": \"%s\"}".formatted(KEY_ID).getBytes(UTF_8))
                        + "."
                        + base64("{\"sub\": \"%s\", \"iat\": %d, \"exp\": %d}"
                                .formatted(subject, now, now + LIFETIME_SECONDS)
                                .getBytes(UTF_8));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.getPrivate());
            signature.update(signed.getBytes(UTF_8));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
