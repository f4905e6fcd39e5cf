package io.sppostream.log.weights;

import io.sppostream.events.catalogue.Hashes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SHA-256 for large files, by native code if the class path has it. That of the JDK is fast only once the second tier of
 * the compiler has replaced it, which {@code ./sppo} leaves out for the sake of short runs: without, it takes seconds for
 * a model of 500 MB. Stateless.
 */
public final class WeightsDigest {
    private static final Logger LOG = LoggerFactory.getLogger(WeightsDigest.class);
    private static final String NATIVE = "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

    private WeightsDigest() {}

    /** Loads the native code when it is first needed. */
    private static final class Lazy {
        static final @Nullable Provider PROVIDER = load();

        private static @Nullable Provider load() {
            try {
                Provider provider =
                        (Provider) Class.forName(NATIVE).getField("INSTANCE").get(null);
                return provider == null || provider.getService("MessageDigest", "SHA-256") == null ? null : provider;
            } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
                LOG.info("SHA-256 of weights by the JDK: {}", e.toString());
                return null;
            }
        }
    }

    /** A new digest. It is not thread-safe. */
    public static MessageDigest sha256() {
        Provider provider = Lazy.PROVIDER;
        try {
            return provider == null ? Hashes.sha256() : MessageDigest.getInstance("SHA-256", provider);
        } catch (NoSuchAlgorithmException e) {
            return Hashes.sha256();
        }
    }
}
