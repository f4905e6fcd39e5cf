package io.sppostream.verify;

import io.sppostream.events.Rollout;
import java.util.Map;
import java.util.TreeSet;

/**
 * Judges responses. Implementations are thread-safe and deterministic: the same rollout gets the same judgement at every
 * call, whatever the load of the machine. A change of the rules requires a new version.
 *
 * <p>{@link java.util.ServiceLoader} finds verifiers that are not built in, on the class path or in the jars of the
 * plugins folder. Each is a public class with a public constructor without parameters, listed in
 * {@code META-INF/services/io.sppostream.verify.Verifier}.
 */
public interface Verifier {
    /** The name by which configurations choose it. */
    String name();

    /** Version of its rules. */
    String version();

    /** Judges one rollout. An exception counts as a failure of the verifier, never of the response. */
    Judgement judge(Rollout rollout);

    /**
     * Returns this verifier with settings applied.
     *
     * @param settings the configuration under {@code verifiers.NAME.settings}
     * @throws IllegalArgumentException if a setting is unknown or invalid; the message says which and why
     */
    default Verifier with(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException(
                    "it takes no settings, but got " + String.join(", ", new TreeSet<>(settings.keySet())));
        }
        return this;
    }
}
