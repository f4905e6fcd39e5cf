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

/** Finds the jars on a class path. Stateless. */
final class ClassPath {
    private ClassPath() {}

    /** The folder that Maven adds to jars of this project. They change with every build, and the broker needs none. */
    private static final String OURS = "META-INF/maven/io.sppostream/";

    /**
     * The third-party jars on a class path, in order. They include jars named in the manifest of a jar, where launchers
     * and build tools put long class paths. Folders are left out, since the JVM cannot archive classes from them.
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
            // Not a readable jar: the JVM ignores such an entry too.
            jars.remove(entry);
        }
    }
}
