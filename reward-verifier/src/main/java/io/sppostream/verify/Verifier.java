package io.sppostream.verify;

import io.sppostream.events.Rollout;
import java.util.Map;
import java.util.TreeSet;

/**
 * Judges responses. A verifier is called from several threads at once. The same rollout gets the same judgement at
 * every call, whatever else the machine is doing; a change of its rules is a change of its version.
 *
 * <p>Verifiers that are not built in are found by {@link java.util.ServiceLoader}, on the class path or in the jars of
 * the plugins folder: public classes with a public constructor without parameters, listed in
 * {@code META-INF/services/io.sppostream.verify.Verifier}.
 */
public interface Verifier {
    /** What configurations choose it by. */
    String name();

    /** Version of its rules. */
    String version();

    /** The judgement of one rollout. What it throws counts as a failure of the verifier, never of the response. */
    Judgement judge(Rollout rollout);

    /**
     * This verifier with settings.
     *
     * @param settings what the configuration says under {@code verifiers.NAME.settings}
     * @throws IllegalArgumentException saying what is wrong with them
     */
    default Verifier with(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException(
                    "it takes no settings, given are " + String.join(", ", new TreeSet<>(settings.keySet())));
        }
        return this;
    }
}
