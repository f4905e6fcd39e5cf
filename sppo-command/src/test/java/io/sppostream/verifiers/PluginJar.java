package io.sppostream.verifiers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.verify.Verifier;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The example plugin, built as its page says. */
public final class PluginJar {
    /** Its source, from the folder of this module. */
    static final Path SOURCE = Path.of("../examples/verifier-java/WordLimit.java");

    private static final String CLASS = "com.example.WordLimit";

    private PluginJar() {}

    /** Compiles the example, with all warnings as errors, and puts its jar into a folder. */
    public static Path build(Path plugins) throws IOException {
        Path classes = Files.createTempDirectory("plugin");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            boolean compiled = compiler.getTask(
                            null,
                            files,
                            null,
                            List.of("-Xlint:all,-path", "-Werror", "-proc:none", "-d", classes.toString()),
                            null,
                            files.getJavaFileObjects(SOURCE))
                    .call();
            assertThat(compiled).as("%s compiles", SOURCE).isTrue();
        }
        Path jar = Files.createDirectories(plugins).resolve("word-limit.jar");
        String file = CLASS.replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out)) {
            entries.putNextEntry(new JarEntry("META-INF/services/" + Verifier.class.getName()));
            entries.write(CLASS.getBytes(UTF_8));
            entries.putNextEntry(new JarEntry(file));
            entries.write(Files.readAllBytes(classes.resolve(file)));
        }
        return jar;
    }
}
