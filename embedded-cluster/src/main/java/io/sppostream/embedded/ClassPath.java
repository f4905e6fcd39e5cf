package io.sppostream.embedded;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

/** The jars that this JVM was started with. */
final class ClassPath {
    private ClassPath() {}

    /** Where Maven leaves a trace of what it packed; ours change with every build and mean nothing to a broker. */
    private static final String OURS = "META-INF/maven/io.sppostream/";

    /**
     * The jars of others on a class path in order, those named by a jar's manifest included: launchers and build tools
     * put a long class path there. Folders are left out; archives of loaded classes can't be made over them.
     */
    static Set<Path> thirdPartyJars(String classPath) {
        Set<Path> jars = new LinkedHashSet<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            if (!entry.isEmpty()) {
                add(Path.of(entry).toAbsolutePath().normalize(), jars);
            }
        }
        return jars;
    }

    private static void add(Path entry, Set<Path> jars) {
        if (!Files.isRegularFile(entry) || !jars.add(entry)) {
            return;
        }
        try (JarFile jar = new JarFile(entry.toFile(), false)) {
            Manifest manifest = jar.getManifest();
            String more = manifest == null ? null : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            if (more != null) {
                for (String reference : more.strip().split("\\s+", -1)) {
                    URI uri = entry.toUri().resolve(reference);
                    if ("file".equals(uri.getScheme())) {
                        add(Path.of(uri).normalize(), jars);
                    }
                }
            }
            if (jar.getEntry(OURS) != null) {
                jars.remove(entry);
            }
        } catch (IOException | IllegalArgumentException e) {
            // Not a readable jar: the JVM passes over such an entry too.
            jars.remove(entry);
        }
    }
}
