package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassPathTest {
    @TempDir
    Path temp;

    @Test
    void shouldFollowManifestsAndLeaveOutOursWhenListingJars() throws IOException {
        Path theirs = jar("theirs.jar", "", "org/example/");
        Path ours = jar("ours.jar", "", "META-INF/maven/io.sppostream/");
        Path launcher = jar("launcher.jar", "theirs.jar ours.jar missing.jar " + temp.toUri(), "x/");
        Path broken = Files.writeString(temp.resolve("broken.jar"), "no jar");
        String classPath = String.join(
                File.pathSeparator, temp.toString(), ours.toString(), broken.toString(), launcher.toString(), "");
        assertThat(ClassPath.thirdPartyJars(classPath)).containsExactly(launcher, theirs);
    }

    private Path jar(String name, String classPath, String entry) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!classPath.isEmpty()) {
            manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        }
        Path file = temp.resolve(name);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            out.putNextEntry(new JarEntry(entry));
            out.closeEntry();
        }
        return file;
    }
}
