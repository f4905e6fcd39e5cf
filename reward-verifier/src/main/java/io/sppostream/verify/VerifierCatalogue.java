package io.sppostream.verify;

import io.sppostream.verify.math.GradingProfile;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** All known verifiers by name: the built-in ones, and those that a class loader finds. */
public final class VerifierCatalogue {
    private static final List<Verifier> BUILT_IN = Stream.concat(
                    Stream.of(new ExactAnswerVerifier(), new MarkedAnswerVerifier(), new KnightsAndKnavesVerifier()),
                    Arrays.stream(GradingProfile.values()).map(MathVerifier::new))
            .toList();

    /** Former names of built-in verifiers: deprecated, but recorded runs may use them. */
    private static final Map<String, String> FORMER_NAMES = Map.of("math:exact", "math:verbatim");

    private final Map<String, Verifier> byName;

    private VerifierCatalogue(Map<String, Verifier> byName) {
        this.byName = byName;
    }

    /** The built-in verifiers and those on the class path. */
    public static VerifierCatalogue open() {
        return open(VerifierCatalogue.class.getClassLoader());
    }

    /**
     * The built-in verifiers and those that a class loader finds, for example that of the jars in a plugins folder.
     *
     * @throws IllegalArgumentException if a class cannot be loaded, or two verifiers have the same name
     */
    public static VerifierCatalogue open(ClassLoader plugins) {
        Map<String, Verifier> byName = new LinkedHashMap<>();
        BUILT_IN.forEach(verifier -> add(byName, verifier));
        Iterator<Verifier> found = ServiceLoader.load(Verifier.class, plugins).iterator();
        try {
            while (found.hasNext()) {
                add(byName, found.next());
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new IllegalArgumentException("a verifier can't be loaded: " + reason(e), e);
        }
        return new VerifierCatalogue(byName);
    }

    private static void add(Map<String, Verifier> byName, Verifier verifier) {
        Verifier other = byName.putIfAbsent(verifier.name(), verifier);
        if (other != null) {
            throw new IllegalArgumentException("two verifiers are called '" + verifier.name() + "': " + origin(other)
                    + " and " + origin(verifier) + ": rename or remove one");
        }
    }

    private static String origin(Verifier verifier) {
        CodeSource source = verifier.getClass().getProtectionDomain().getCodeSource();
        return verifier.getClass().getName()
                + (source == null || source.getLocation() == null
                        ? ""
                        : " of " + Path.of(source.getLocation().getPath()).getFileName());
    }

    private static String reason(Throwable error) {
        Throwable cause = error.getCause();
        return error.getMessage() + (cause == null ? "" : " (" + cause + ")");
    }

    /**
     * Finds a verifier by name.
     *
     * @throws IllegalArgumentException if there is none of that name; the message lists all names
     */
    public Verifier find(String name) {
        Verifier verifier = byName.get(byName.containsKey(name) ? name : FORMER_NAMES.getOrDefault(name, name));
        if (verifier == null) {
            throw new IllegalArgumentException(
                    "there is no verifier '" + name + "'; there are: " + String.join(", ", byName.keySet()));
        }
        return verifier;
    }

    /** Whether {@link #find} finds a verifier of that name. */
    public boolean has(String name) {
        return byName.containsKey(name) || byName.containsKey(FORMER_NAMES.getOrDefault(name, name));
    }

    /** The names of the built-in verifiers. */
    static List<String> builtIn() {
        return BUILT_IN.stream().map(Verifier::name).toList();
    }

    /** Whether a verifier is built in, with or without settings. The time of a built-in verifier is bounded by construction. */
    static boolean builtIn(Verifier verifier) {
        return BUILT_IN.stream().anyMatch(known -> known.getClass() == verifier.getClass());
    }
}
