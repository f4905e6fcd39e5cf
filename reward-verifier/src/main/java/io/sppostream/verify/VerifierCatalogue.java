package io.sppostream.verify;

import io.sppostream.verify.math.GradingProfile;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All known verifiers by name: the built-in ones, those on the class path, and those in the plugins folder. */
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

    /**
     * Finds all verifiers. The jars of the folder share one class loader, so that a plugin can bring its libraries.
     *
     * @param plugins folder of jars; null for none
     * @throws IllegalArgumentException if a jar cannot be read, a class cannot be loaded, or two verifiers have the same
     *     name
     */
    public static VerifierCatalogue open(@Nullable Path plugins) {
        Map<String, Verifier> byName = new LinkedHashMap<>();
        BUILT_IN.forEach(verifier -> add(byName, verifier));
        String where = plugins == null ? "the class path" : "the class path or " + plugins;
        ClassLoader loader = plugins == null ? VerifierCatalogue.class.getClassLoader() : loader(plugins);
        Iterator<Verifier> found = ServiceLoader.load(Verifier.class, loader).iterator();
        try {
            while (found.hasNext()) {
                add(byName, found.next());
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new IllegalArgumentException("a verifier of " + where + " can't be loaded: " + reason(e), e);
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

    private static ClassLoader loader(Path plugins) {
        try (Stream<Path> files = Files.list(plugins)) {
            URL[] jars = files.filter(file -> file.getFileName().toString().endsWith(".jar"))
                    .sorted()
                    .map(VerifierCatalogue::checked)
                    .toArray(URL[]::new);
            return new URLClassLoader("plugins", jars, VerifierCatalogue.class.getClassLoader());
        } catch (IOException e) {
            throw new IllegalArgumentException("the plugins folder " + plugins + " can't be read: "
                    + (Files.isDirectory(plugins) ? e.getMessage() : "there is no such folder"));
        }
    }

    /** Fails for a jar that cannot be read. A class loader would skip it, and its verifiers would be missing. */
    private static URL checked(Path jar) {
        try (JarFile opened = new JarFile(jar.toFile())) {
            opened.getManifest();
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new IllegalArgumentException("plugin " + jar + " can't be read: " + e.getMessage());
        }
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

    /** Whether a verifier is built in. The time of a built-in verifier is bounded by construction. */
    static boolean builtIn(Verifier verifier) {
        return BUILT_IN.contains(verifier);
    }
}
