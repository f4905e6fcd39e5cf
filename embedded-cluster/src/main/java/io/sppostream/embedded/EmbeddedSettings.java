package io.sppostream.embedded;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Data directory and ports of the embedded broker and registry. Immutable.
 *
 * @param dataDirectory holds all of their data; created if missing, used by one process at a time
 * @param brokerPort the broker's port on 127.0.0.1, 0 for a free one
 * @param registryPort the registry's port on 127.0.0.1, 0 for a free one
 * @param secured a second listener with TLS, users and ACLs; null for none
 */
public record EmbeddedSettings(
        Path dataDirectory,
        int brokerPort,
        int registryPort,
        @Nullable SecuredListener secured) {
    public EmbeddedSettings {
        Ports.requireValid("broker port", brokerPort);
        Ports.requireValid("registry port", registryPort);
        if (brokerPort != 0 && brokerPort == registryPort) {
            throw new EmbeddedException("broker and registry are both given port " + brokerPort
                    + ": give them two ports, or 0 for free ones");
        }
    }

    /** Settings without a second listener. */
    public EmbeddedSettings(Path dataDirectory, int brokerPort, int registryPort) {
        this(dataDirectory, brokerPort, registryPort, null);
    }

    /** Settings with free ports, so that several clusters can run side by side. */
    public EmbeddedSettings(Path dataDirectory) {
        this(dataDirectory, 0, 0);
    }
}
