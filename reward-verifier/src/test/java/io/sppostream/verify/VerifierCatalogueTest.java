package io.sppostream.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of the catalogue. {@code PluginTest} of the command loads a plugin, whose class is only in its jar. */
class VerifierCatalogueTest {
    @TempDir
    private Path directory = Path.of("");

    /** The class loader of a jar that lists a class as a verifier. */
    private ClassLoader jar(String file, String verifier, byte @Nullable [] bytes) throws IOException {
        Path jar = directory.resolve(file);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out)) {
            entries.putNextEntry(new JarEntry("META-INF/services/" + Verifier.class.getName()));
            entries.write(verifier.getBytes(UTF_8));
            if (bytes != null) {
                entries.putNextEntry(new JarEntry(verifier.replace('.', '/') + ".class"));
                entries.write(bytes);
            }
        }
        return new URLClassLoader(new URL[] {jar.toUri().toURL()}, VerifierCatalogueTest.class.getClassLoader());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "exact",
                "marked",
                "knights-and-knaves-text",
                "math",
                "math:gsm8k",
                "math:verbatim",
                "math:choice",
                "math:sppo-compat"
            })
    void shouldFindABuiltInVerifierWhenNamed(String name) {
        Verifier verifier = VerifierCatalogue.open().find(name);

        assertThat(verifier.name()).isEqualTo(name);
        assertThat(VerifierCatalogue.builtIn(verifier)).isTrue();
    }

    @Test
    void shouldFindABuiltInVerifierWhenARecordedRunHasItsFormerName() {
        VerifierCatalogue catalogue = VerifierCatalogue.open();

        assertThat(catalogue.find("math:exact")).isSameAs(catalogue.find("math:verbatim"));
    }

    @Test
    void shouldListTheVerifiersWhenANameIsUnknown() {
        assertThatThrownBy(() -> VerifierCatalogue.open().find("oracle"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "there is no verifier 'oracle'; there are: exact, marked, knights-and-knaves-text, math, math:math-verify,"
                                + " math:gsm8k, math:gsm8k-strict, math:gsm8k-flexible, math:minerva, math:verbatim,"
                                + " math:choice, math:sppo-compat");
    }

    @Test
    void shouldNameTheClassWhenItIsNotInTheJar() throws IOException {
        ClassLoader plugins = jar("empty.jar", "com.example.Missing", null);

        assertThatThrownBy(() -> VerifierCatalogue.open(plugins))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a verifier can't be loaded: " + Verifier.class.getName()
                        + ": Provider com.example.Missing not found");
    }

    @Test
    void shouldNameTheClassWhenItIsDamaged() throws IOException {
        ClassLoader plugins = jar("damaged.jar", "com.example.Damaged", "not a class".getBytes(UTF_8));

        assertThatThrownBy(() -> VerifierCatalogue.open(plugins))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("a verifier can't be loaded: ")
                .hasMessageContaining("com/example/Damaged");
    }

    @Test
    void shouldRefuseAVerifierWhenItsNameIsTaken() throws IOException {
        ClassLoader plugins = jar("exact.jar", ExactAnswerVerifier.class.getName(), null);

        assertThatThrownBy(() -> VerifierCatalogue.open(plugins))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("two verifiers are called 'exact': " + ExactAnswerVerifier.class.getName())
                .hasMessageEndingWith(": rename or remove one");
    }

    @Test
    void shouldRefuseSettingsWhenAVerifierTakesNone() {
        assertThatThrownBy(() -> new ExactAnswerVerifier().with(Map.of("b", "1", "a", "2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("it takes no settings, but got a, b");
    }
}
